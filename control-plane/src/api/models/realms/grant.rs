//! `POST /api/models/{id}/realms`

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        caller::Caller,
        extract::{ApiJson, ApiPath, nullable},
        problem::Result,
        write::Write,
    },
    domain::permission::{Area, Permission},
    service::{
        grants::{self, GrantView, NewGrant},
        sync::Synced,
    },
};

/// What is left out stays as it is, when the grant exists.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantModel {
    /// Id or slug.
    #[schema(example = "team-a")]
    pub realm_id: String,
    /// Sets the realm's budget, which all its grants share: US dollars a month.
    pub monthly_budget_usd: Option<f64>,
    /// When the right ends by itself; null: never.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// Why it is given; up to 500 characters.
    pub reason: Option<String>,
}

/// Grant a model to a realm. The realm's first grant makes its virtual key; later ones keep it.
#[utoipa::path(
    post, path = "/api/models/{id}/realms", tag = "models",
    params(("id" = String, Path, description = "Model: id or name")),
    request_body = GrantModel,
    responses(
        (status = 201, body = Synced<GrantView>),
        (status = 200, description = "The grant was there, and was edited", body = Synced<GrantView>),
    ),
)]
pub async fn grant_model(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<GrantModel>,
) -> Result {
    let new = NewGrant {
        realm: body.realm_id,
        monthly_budget_usd: body.monthly_budget_usd,
        expires_at: body.expires_at,
        reason: body.reason,
        may_edit: caller.reach(Permission::write(Area::Realms)),
    };
    let written = grants::grant(&state.services, &write.ctx, &id, new).await?;
    answer::write(&state, &write, written).await
}
