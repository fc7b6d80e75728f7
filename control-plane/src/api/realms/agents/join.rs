//! `POST /api/realms/{id}/agents`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath},
        problem::Result,
        write::Write,
    },
    service::{
        members::{self, MemberView},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinRealm {
    /// An enrolled agent.
    #[schema(example = "did:key:z6Mkf5rGMoatrSj1f4CyvuHBeXJELe9RPdzo2PKGNCKVtZxP")]
    pub did: String,
    /// Make it the realm that the agent's model is chosen from first. An agent's first realm is primary anyway.
    #[serde(default)]
    pub primary: bool,
}

/// Add an agent to a realm. A connected agent hears of it at once.
#[utoipa::path(
    post, path = "/api/realms/{id}/agents", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    request_body = JoinRealm,
    responses(
        (status = 201, body = Synced<MemberView>),
        (status = 200, description = "The agent was a member", body = Synced<MemberView>),
    ),
)]
pub async fn join_realm(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<JoinRealm>,
) -> Result {
    let written = members::join(&state.services, &write.ctx, &id, &body.did, body.primary).await?;
    answer::write(&state, &write, written).await
}
