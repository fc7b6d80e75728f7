//! `GET /api/tokens/{id}`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    base::reach::Reach,
    service::tokens::{self, ApiTokenView},
};

/// Read an API token, without its text.
#[utoipa::path(
    get, path = "/api/tokens/{id}", tag = "access",
    params(("id" = String, Path, description = "Id, or name of one that was not revoked")),
    responses((status = 200, body = ApiTokenView)),
)]
pub async fn get_api_token(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    reach: Reach,
) -> Result<Json<ApiTokenView>> {
    Ok(Json(tokens::get(&state.services, &reach, &id).await?))
}
