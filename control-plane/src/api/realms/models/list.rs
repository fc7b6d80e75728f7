//! `GET /api/realms/{id}/models`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, page::List, problem::Result},
    service::{
        grants::{self, GrantView},
        sync::Synced,
    },
};

/// List a realm's grants, oldest first, those on their way out included; never paged.
#[utoipa::path(
    get, path = "/api/realms/{id}/models", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    responses((status = 200, body = List<Synced<GrantView>>)),
)]
pub async fn list_realm_models(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<List<Synced<GrantView>>>> {
    Ok(Json(grants::of_realm(&state.services, &reach, &id).await?.into()))
}
