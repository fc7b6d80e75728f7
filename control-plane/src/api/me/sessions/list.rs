//! `GET /api/me/sessions`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, caller::Caller, page::List, problem::Result},
    service::sign_in::{self, SessionView},
};

/// List the caller's sessions, newest first.
#[utoipa::path(get, path = "/api/me/sessions", tag = "access", responses((status = 200, body = List<SessionView>)))]
pub async fn list_sessions(State(state): State<ApiState>, caller: Caller) -> Result<Json<List<SessionView>>> {
    let (person, session) = caller.person()?;
    Ok(Json(sign_in::sessions(&state.services, person.id, Some(session)).await?.into()))
}
