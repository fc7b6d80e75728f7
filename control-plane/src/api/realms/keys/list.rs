//! `GET /api/realms/{id}/keys`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, page::List, problem::Result},
    service::{
        keys::{self, HeldKey},
        sync::Synced,
    },
};

/// List the generations of a realm's virtual key, newest first; never paged.
#[utoipa::path(
    get, path = "/api/realms/{id}/keys", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    responses((status = 200, body = List<Synced<HeldKey>>)),
)]
pub async fn list_keys(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<List<Synced<HeldKey>>>> {
    Ok(Json(keys::list(&state.services, &reach, &id).await?.into()))
}
