//! `POST /api/realms`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, answer, extract::ApiJson, problem::Result, write::Write},
    domain::{placement::Placement, realm::KeyScope},
    service::{
        realms::{self, NewRealm, RealmView},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRealm {
    #[schema(example = "Team A")]
    pub name: String,
    /// Immutable; made from the name when left out.
    #[schema(example = "team-a")]
    pub slug: Option<String>,
    pub description: Option<String>,
    /// Agents that enrol without a realm join this one, in place of whichever was the default.
    #[serde(default)]
    pub is_default: bool,
    /// US dollars a month over all its agents; no limit when left out.
    pub monthly_budget_usd: Option<f64>,
    /// Which proxies serve it, best first: labels that a proxy must have, its name as the label `name`. Every proxy when
    /// left out.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, example = json!([{ "region": "eu" }, { "name": "us-1" }]))]
    pub placement: Placement,
    /// Whether its agents share one virtual key or each have their own, so that one can be cut off without touching the rest.
    #[serde(default)]
    pub key_scope: KeyScope,
    /// 1 to 3650; a key older than this is replaced by itself. Never when left out.
    pub key_max_age_days: Option<i32>,
}

/// Make a realm.
#[utoipa::path(
    post, path = "/api/realms", tag = "realms",
    request_body = CreateRealm,
    responses((status = 201, body = Synced<RealmView>)),
)]
pub async fn create_realm(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<CreateRealm>,
) -> Result {
    let new = NewRealm {
        name: body.name,
        slug: body.slug,
        description: body.description.unwrap_or_default(),
        is_default: body.is_default,
        monthly_budget_usd: body.monthly_budget_usd,
        placement: body.placement,
        key_scope: body.key_scope,
        key_max_age_days: body.key_max_age_days,
    };
    let written = realms::create(&state.services, &write.ctx, new).await?;
    answer::write(&state, &write, written).await
}
