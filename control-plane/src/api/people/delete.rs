//! `DELETE /api/people/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        caller::Caller,
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::people,
};

/// Remove a person, with their sessions. What they did stays in the audit.
#[utoipa::path(
    delete, path = "/api/people/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_person(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
) -> Result {
    let services = &state.services;
    let written = people::delete(services, &write.ctx, &caller.rights, &id, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
