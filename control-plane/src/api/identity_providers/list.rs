//! `GET /api/identity-providers`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, page::List, problem::Result},
    service::identity_providers::{self, IdentityProviderView},
};

/// List identity providers, by name.
#[utoipa::path(
    get, path = "/api/identity-providers", tag = "access",
    responses((status = 200, body = List<IdentityProviderView>)),
)]
pub async fn list_identity_providers(
    State(state): State<ApiState>,
) -> Result<Json<List<IdentityProviderView>>> {
    Ok(Json(identity_providers::list(&state.services).await?.into()))
}
