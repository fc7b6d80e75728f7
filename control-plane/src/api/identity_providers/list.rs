//! `GET /api/identity-providers`

use axum::{Json, extract::State};

use super::{RegisteredProvider, registered};
use crate::{
    api::{ApiState, page::List, problem::Result},
    service::identity_providers,
};

/// List identity providers, by name.
#[utoipa::path(
    get, path = "/api/identity-providers", tag = "access",
    responses((status = 200, body = List<RegisteredProvider>)),
)]
pub async fn list_identity_providers(
    State(state): State<ApiState>,
) -> Result<Json<List<RegisteredProvider>>> {
    let views = identity_providers::list(&state.services).await?;
    let items: Vec<_> = views.into_iter().map(|view| registered(&state, view)).collect();
    Ok(Json(items.into()))
}
