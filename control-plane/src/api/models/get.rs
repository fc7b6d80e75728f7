//! `GET /api/models/{id}`

use axum::{extract::State, response::IntoResponse as _};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::{
        models::{self, ModelView},
        sync::Synced,
    },
};

/// Read a model.
#[utoipa::path(
    get, path = "/api/models/{id}", tag = "models",
    params(("id" = String, Path, description = "Id, litellmModelName (percent-encoded), or its part after the provider")),
    responses((status = 200, body = Synced<ModelView>)),
)]
pub async fn get_model(State(state): State<ApiState>, reach: Reach, ApiPath(id): ApiPath<String>) -> Result {
    let model = models::get(&state.services, &reach, &id).await?;
    Ok(answer::read(model.view.version, model).into_response())
}
