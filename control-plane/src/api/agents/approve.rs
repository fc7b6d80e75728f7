//! `POST /api/agents/{did}/approve`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    service::{
        agents::{self, AgentView},
        sync::Synced,
    },
};

/// Let a waiting agent in.
#[utoipa::path(
    post, path = "/api/agents/{did}/approve", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = Synced<AgentView>)),
)]
pub async fn approve_agent(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
) -> Result {
    let written = agents::approve(&state.services, &write.ctx, &did).await?;
    answer::write(&state, &write, written).await
}
