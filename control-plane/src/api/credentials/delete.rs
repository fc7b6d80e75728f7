//! `DELETE /api/credentials/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::credentials,
};

/// Remove a credential that no deployment uses.
#[utoipa::path(
    delete, path = "/api/credentials/{id}", tag = "credentials",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_credential(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = credentials::delete(&state.services, &write.ctx, &id, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
