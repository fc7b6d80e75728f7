//! `GET /api/models/{id}/realms/{realmId}`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::{
        grants::{self, GrantView},
        sync::Synced,
    },
};

/// Read a grant.
#[utoipa::path(
    get, path = "/api/models/{id}/realms/{realmId}", tag = "models",
    params(
        ("id" = String, Path, description = "Model: id or name"),
        ("realmId" = String, Path, description = "Realm: id or slug"),
    ),
    responses((status = 200, body = Synced<GrantView>)),
)]
pub async fn get_grant(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath((model, realm)): ApiPath<(String, String)>,
) -> Result<Json<Synced<GrantView>>> {
    Ok(Json(grants::get(&state.services, &reach, &model, &realm).await?))
}
