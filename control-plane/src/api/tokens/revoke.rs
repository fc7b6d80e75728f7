//! `DELETE /api/tokens/{id}`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result, write::Write},
    service::tokens::{self, ApiTokenView},
};

/// End an API token, now. Its name is free again.
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "access",
    params(("id" = String, Path, description = "Id, or name of one that was not revoked")),
    responses((status = 200, body = ApiTokenView)),
)]
pub async fn revoke_api_token(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result<Json<ApiTokenView>> {
    Ok(Json(tokens::revoke(&state.services, &write.ctx, &id).await?.view))
}
