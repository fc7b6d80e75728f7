//! `GET /api/identity-providers/{id}`

use axum::extract::State;

use super::{RegisteredProvider, registered};
use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::identity_providers,
};

/// Read an identity provider, without its client secret.
#[utoipa::path(
    get, path = "/api/identity-providers/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = RegisteredProvider)),
)]
pub async fn get_identity_provider(State(state): State<ApiState>, ApiPath(id): ApiPath<String>) -> Result {
    let view = identity_providers::get(&state.services, &id).await?;
    Ok(answer::read(view.version, registered(&state, view)))
}
