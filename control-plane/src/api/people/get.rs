//! `GET /api/people/{id}`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::people::{self, PersonView},
};

/// Read a person.
#[utoipa::path(
    get, path = "/api/people/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    responses((status = 200, body = PersonView)),
)]
pub async fn get_person(State(state): State<ApiState>, ApiPath(id): ApiPath<String>) -> Result {
    let person = people::get(&state.services, &id).await?;
    Ok(answer::read(person.version, person))
}
