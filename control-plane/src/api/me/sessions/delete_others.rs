//! `DELETE /api/me/sessions`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, caller::Caller, people::sessions::EndedSessions, problem::Result, write::Write},
    service::sign_in,
};

/// End all of the caller's sessions but the one that asks.
#[utoipa::path(
    delete, path = "/api/me/sessions", tag = "access",
    responses((status = 200, body = EndedSessions)),
)]
pub async fn end_other_sessions(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
) -> Result<Json<EndedSessions>> {
    let (person, session) = caller.person()?;
    let ended = sign_in::end_others(&state.services, &write.ctx, person.id, session).await?;
    Ok(Json(EndedSessions { ended }))
}
