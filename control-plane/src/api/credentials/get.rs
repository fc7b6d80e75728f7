//! `GET /api/credentials/{id}`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::{
        credentials::{self, CredentialView},
        sync::Synced,
    },
};

/// Read a credential; its key is not in it.
#[utoipa::path(
    get, path = "/api/credentials/{id}", tag = "credentials",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Synced<CredentialView>)),
)]
pub async fn get_credential(State(state): State<ApiState>, ApiPath(id): ApiPath<String>) -> Result {
    let credential = credentials::get(&state.services, &id).await?;
    Ok(answer::read(credential.view.version, credential))
}
