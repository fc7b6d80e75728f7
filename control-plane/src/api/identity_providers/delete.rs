//! `DELETE /api/identity-providers/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::identity_providers,
};

/// Remove an identity provider, with what its groups gave. Its people stay.
#[utoipa::path(
    delete, path = "/api/identity-providers/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_identity_provider(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = identity_providers::delete(&state.services, &write.ctx, &id, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
