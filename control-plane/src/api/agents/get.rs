//! `GET /api/agents/{did}`

use axum::extract::State;

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::agents::{self, AgentView},
};

/// Read an agent: its session, what it runs, what it should run, what it refused.
#[utoipa::path(
    get, path = "/api/agents/{did}", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = AgentView)),
)]
pub async fn get_agent(State(state): State<ApiState>, reach: Reach, ApiPath(did): ApiPath<String>) -> Result {
    let agent = agents::get(&state.services, &reach, &did).await?;
    Ok(answer::read(agent.version, agent))
}
