//! `DELETE /api/models/{id}/realms/{realmId}`

use axum::{Json, extract::State, response::IntoResponse as _};

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    service::{
        grants::{self, Revocation},
        sync::Synced,
    },
};

/// Take a model away from a realm, at once. The state is `revoking` until every proxy has refused the old right; asked
/// again meanwhile, it says the same.
#[utoipa::path(
    delete, path = "/api/models/{id}/realms/{realmId}", tag = "models",
    params(
        ("id" = String, Path, description = "Model: id or name"),
        ("realmId" = String, Path, description = "Realm: id or slug"),
    ),
    responses((status = 200, body = Synced<Revocation>)),
)]
pub async fn revoke_model(
    State(state): State<ApiState>,
    ApiPath((model, realm)): ApiPath<(String, String)>,
    write: Write,
) -> Result {
    let written = grants::revoke(&state.services, &write.ctx, &model, &realm).await?;
    let sync = answer::settle(&state, write.wait, &written).await?;
    let headers = answer::headers(write.wait, &written);
    let view = grants::revocation(&state.services, &written.view).await?;
    Ok((headers, Json(Synced { view, sync })).into_response())
}
