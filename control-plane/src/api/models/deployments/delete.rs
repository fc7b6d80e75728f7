//! `DELETE /api/models/{id}/deployments/{deploymentId}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    base::ids::DeploymentId,
    service::deployments,
};

/// Remove a deployment; the last one cannot be removed.
#[utoipa::path(
    delete, path = "/api/models/{id}/deployments/{deploymentId}", tag = "models",
    params(
        ("id" = String, Path, description = "Model: id or name"),
        ("deploymentId" = DeploymentId, Path),
    ),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_deployment(
    State(state): State<ApiState>,
    ApiPath((id, deployment)): ApiPath<(String, DeploymentId)>,
    write: Write,
) -> Result {
    let written = deployments::delete(&state.services, &write.ctx, &id, deployment, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
