//! `DELETE /api/me/sessions/{id}`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, auth::logout::Ended, caller::Caller, extract::ApiPath, problem::Result, write::Write},
    base::ids::PersonSessionId,
    service::sign_in,
};

/// End one of the caller's sessions.
#[utoipa::path(
    delete, path = "/api/me/sessions/{id}", tag = "access",
    params(("id" = PersonSessionId, Path)),
    responses((status = 200, body = Ended)),
)]
pub async fn end_session(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<PersonSessionId>,
    caller: Caller,
    write: Write,
) -> Result<Json<Ended>> {
    let (person, _) = caller.person()?;
    sign_in::end(&state.services, &write.ctx, person.id, id).await?;
    Ok(Json(Ended { ended: true }))
}
