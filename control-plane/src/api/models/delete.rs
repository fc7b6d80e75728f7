//! `DELETE /api/models/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::models,
};

/// Remove a model with its grants and deployments. Every realm that had it loses it at once.
#[utoipa::path(
    delete, path = "/api/models/{id}", tag = "models",
    params(("id" = String, Path, description = "Id, litellmModelName (percent-encoded), or its part after the provider")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_model(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = models::delete(&state.services, &write.ctx, &id, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
