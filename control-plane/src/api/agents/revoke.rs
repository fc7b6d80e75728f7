//! `POST /api/agents/{did}/revoke`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiPath, OptionalJson},
        problem::Result,
        write::Write,
    },
    service::{
        agents::{self, AgentView},
        sync::Synced,
    },
};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeAgent {
    /// Why; up to 500 characters.
    pub reason: Option<String>,
}

/// Cut an agent off for good: its session is closed, and it is told to wipe its keys. The keys that it knew are replaced, its own
/// ones blocked.
#[utoipa::path(
    post, path = "/api/agents/{did}/revoke", tag = "agents",
    params(("did" = String, Path)),
    request_body = Option<RevokeAgent>,
    responses((status = 200, body = Synced<AgentView>)),
)]
pub async fn revoke_agent(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
    OptionalJson(body): OptionalJson<RevokeAgent>,
) -> Result {
    let reason = body.reason.as_deref();
    let written = agents::revoke(&state.services, &write.ctx, &did, write.if_match, reason).await?;
    answer::write(&state, &write, written).await
}
