//! `GET /api/models/{id}/deployments/{deploymentId}`

use axum::extract::State;

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    base::ids::DeploymentId,
    service::{deployments, models::DeploymentView, sync::Synced},
};

/// Read a deployment.
#[utoipa::path(
    get, path = "/api/models/{id}/deployments/{deploymentId}", tag = "models",
    params(
        ("id" = String, Path, description = "Model: id or name"),
        ("deploymentId" = DeploymentId, Path),
    ),
    responses((status = 200, body = Synced<DeploymentView>)),
)]
pub async fn get_deployment(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath((id, deployment)): ApiPath<(String, DeploymentId)>,
) -> Result {
    let found = deployments::get(&state.services, &reach, &id, deployment).await?;
    Ok(answer::read(found.view.version, found))
}
