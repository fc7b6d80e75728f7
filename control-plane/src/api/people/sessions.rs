//! `GET /api/people/{id}/sessions`, `DELETE /api/people/{id}/sessions`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, caller::Caller, extract::ApiPath, page::List, problem::Result, write::Write},
    service::{people, sign_in::SessionView},
};

/// List the sessions of a person, newest first.
#[utoipa::path(
    get, path = "/api/people/{id}/sessions", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    responses((status = 200, body = List<SessionView>)),
)]
pub async fn list_person_sessions(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
) -> Result<Json<List<SessionView>>> {
    let current = caller.person().ok().map(|(_, session)| session);
    Ok(Json(people::sessions(&state.services, &id, current).await?.into()))
}

/// The answer to the end of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedSessions {
    /// How many there were.
    pub ended: u64,
}

/// End all sessions of a person.
#[utoipa::path(
    delete, path = "/api/people/{id}/sessions", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    responses((status = 200, body = EndedSessions)),
)]
pub async fn end_sessions(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
) -> Result<Json<EndedSessions>> {
    let ended = people::end_sessions(&state.services, &write.ctx, &caller.rights, &id).await?;
    Ok(Json(EndedSessions { ended }))
}
