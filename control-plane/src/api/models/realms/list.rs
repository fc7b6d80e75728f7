//! `GET /api/models/{id}/realms`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, page::List, problem::Result},
    service::{
        grants::{self, GrantView},
        sync::Synced,
    },
};

/// List a model's grants, oldest first, those on their way out included; never paged.
#[utoipa::path(
    get, path = "/api/models/{id}/realms", tag = "models",
    params(("id" = String, Path, description = "Model: id or name")),
    responses((status = 200, body = List<Synced<GrantView>>)),
)]
pub async fn list_model_realms(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<List<Synced<GrantView>>>> {
    Ok(Json(grants::of_model(&state.services, &reach, &id).await?.into()))
}
