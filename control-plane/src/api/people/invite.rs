//! `POST /api/people/{id}/invite`

use axum::{Json, extract::State};

use super::{InvitedPerson, invited};
use crate::{
    api::{ApiState, caller::Caller, extract::ApiPath, problem::Result, write::Write},
    service::people,
};

/// Make another link for a password, in the place of one before.
#[utoipa::path(
    post, path = "/api/people/{id}/invite", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    responses((status = 200, body = InvitedPerson)),
)]
pub async fn invite_person(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
) -> Result<Json<InvitedPerson>> {
    let (view, link) = people::invite(&state.services, &write.ctx, &caller.rights, &id).await?;
    Ok(Json(invited(&state, view, &link)))
}
