//! `DELETE /api/realms/{id}/keys/{keyId}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    base::ids::KeyId,
    service::keys,
};

/// End an adopted key, or a retiring one before its time: it is blocked everywhere now, and forgotten when every proxy was proven to
/// refuse it. The one that agents use is replaced by a rotation.
#[utoipa::path(
    delete, path = "/api/realms/{id}/keys/{keyId}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug"), ("keyId" = KeyId, Path)),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_key(
    State(state): State<ApiState>,
    ApiPath((id, key)): ApiPath<(String, KeyId)>,
    write: Write,
) -> Result {
    let written = keys::delete(&state.services, &write.ctx, &id, key).await?;
    answer::deleted(&state, &write, written).await
}
