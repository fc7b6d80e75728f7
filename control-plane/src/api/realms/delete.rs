//! `DELETE /api/realms/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::realms,
};

/// Remove a realm. Its agents stay, and lose at once what they had through it; its team and keys leave every proxy.
#[utoipa::path(
    delete, path = "/api/realms/{id}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_realm(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = realms::delete(&state.services, &write.ctx, &id, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
