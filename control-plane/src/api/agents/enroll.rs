//! `POST /api/agents/enroll`: called by agents, not by admins. Needs no token of an admin: the proof in the body says
//! which agent asks.

use axum::{Extension, Json, extract::State, http::StatusCode, response::IntoResponse as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{ApiState, address::Address, extract::ApiJson, observe::RequestId, problem::Result},
    base::{context::Context, reach::Reach, secret::Secret},
    domain::agent::AgentStatus,
    service::enroll::{self, Enrolled},
};

/// As in the agent protocol (`reeve_protocol::EnrollRequest`). Fields that a newer agent adds are left aside.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollAgent {
    /// An enrolment token. Without one the agent waits until an admin approves it.
    #[schema(value_type = Option<String>, write_only)]
    pub token: Option<Secret>,
    /// What people call the agent.
    pub name: String,
    /// A JWT signed by the agent's key; docs/PROTOCOL.md says with which claims.
    #[schema(value_type = String, write_only)]
    pub proof: Secret,
}

/// The agent as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolledAgent {
    pub did: String,
    pub name: String,
    /// `approved` or `pending`.
    pub status: AgentStatus,
    /// Slugs of its realms, the primary one first.
    pub realms: Vec<String>,
}

/// Enrol an agent. Its DID comes from the proof alone.
#[utoipa::path(
    post, path = "/api/agents/enroll", tag = "agents",
    request_body = EnrollAgent,
    responses(
        (status = 201, body = EnrolledAgent),
        (status = 200, description = "The agent was there", body = EnrolledAgent),
    ),
)]
pub async fn enroll_agent(
    State(state): State<ApiState>,
    Extension(request_id): Extension<RequestId>,
    address: Option<Extension<Address>>,
    ApiJson(body): ApiJson<EnrollAgent>,
) -> Result {
    let proof = state.origins.check(body.proof.expose(), state.services.store.clock.now())?;
    let ctx = Context {
        actor: format!("agent:{}", proof.did()),
        auth: "agent-key".to_owned(),
        address: address.map(|address| address.0.0.to_string()),
        request_id: Some(request_id.0),
        idempotency: None,
        reach: Reach::everywhere(),
    };
    let enrolled = enroll::enroll(&state.services, &ctx, &proof, body.token.as_ref(), &body.name).await?;
    let Enrolled { did, name, status, realms, created } = enrolled;
    let code = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((code, Json(EnrolledAgent { did, name, status, realms })).into_response())
}
