//! `PATCH /api/realms/{id}`

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath, nullable},
        problem::Result,
        write::Write,
    },
    domain::{error::Error, placement::Placement, realm::KeyScope},
    service::{
        realms::{self, RealmPatch, RealmView},
        sync::Synced,
    },
};

/// What is left out stays; null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRealm {
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_default: Option<bool>,
    /// Id or name of a model that is granted to the realm.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub default_model_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<f64>)]
    pub monthly_budget_usd: Option<Option<f64>>,
    /// Which proxies serve it, best first. A proxy that is no longer among them is left when another serves the realm.
    #[schema(value_type = Option<Vec<Object>>)]
    pub placement: Option<Placement>,
    /// Whether its agents share one virtual key or each have their own. Those before go when the agents have theirs.
    pub key_scope: Option<KeyScope>,
    /// 1 to 3650; a key older than this is replaced by itself.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub key_max_age_days: Option<Option<i32>>,
    /// Immutable: refused when given.
    #[schema(ignore)]
    pub slug: Option<Value>,
}

/// Edit a realm.
#[utoipa::path(
    patch, path = "/api/realms/{id}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    request_body = UpdateRealm,
    responses((status = 200, body = Synced<RealmView>)),
)]
pub async fn update_realm(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<UpdateRealm>,
) -> Result {
    if body.slug.is_some() {
        return Err(
            Error::invalid("slug", "is immutable, since key aliases say it; make another realm").into()
        );
    }
    let patch = RealmPatch {
        name: body.name,
        description: body.description,
        is_default: body.is_default,
        default_model: body.default_model_id,
        monthly_budget_usd: body.monthly_budget_usd,
        placement: body.placement,
        key_scope: body.key_scope,
        key_max_age_days: body.key_max_age_days,
    };
    let written = realms::update(&state.services, &write.ctx, &id, write.if_match, patch).await?;
    answer::write(&state, &write, written).await
}
