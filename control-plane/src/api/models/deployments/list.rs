//! `GET /api/models/{id}/deployments`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, page::List, problem::Result},
    service::{deployments, models::DeploymentView, sync::Synced},
};

/// List a model's deployments, in the order they were added; never paged.
#[utoipa::path(
    get, path = "/api/models/{id}/deployments", tag = "models",
    params(("id" = String, Path, description = "Model: id or name")),
    responses((status = 200, body = List<Synced<DeploymentView>>)),
)]
pub async fn list_deployments(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<List<Synced<DeploymentView>>>> {
    Ok(Json(deployments::list(&state.services, &reach, &id).await?.into()))
}
