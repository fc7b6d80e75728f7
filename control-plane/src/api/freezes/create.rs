//! `POST /api/freezes`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, answer, extract::ApiJson, problem::Result, write::Write},
    domain::freeze::FreezeKind,
    service::{
        freezes::{self, FreezeView},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateFreeze {
    pub kind: FreezeKind,
    /// What: slug, name or id; the DID of an agent.
    #[schema(example = "team-a")]
    pub name: String,
    /// Agents and colleagues are told.
    pub reason: String,
}

/// Stop a realm, an agent, a model or a proxy, now and everywhere. A proxy that does not answer is stopped when it does, and
/// shown as pending until then. Nothing of it is lost.
#[utoipa::path(
    post, path = "/api/freezes", tag = "freezes",
    request_body = CreateFreeze,
    responses((status = 200, body = Synced<FreezeView>), (status = 201, body = Synced<FreezeView>)),
)]
pub async fn create_freeze(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<CreateFreeze>,
) -> Result {
    let written = freezes::freeze(&state.services, &write.ctx, body.kind, &body.name, &body.reason).await?;
    answer::write(&state, &write, written).await
}
