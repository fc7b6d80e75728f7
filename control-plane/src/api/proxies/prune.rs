//! `POST /api/proxies/{id}/prune`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    service::{
        proxies::{self, ProxyView},
        sync::Synced,
    },
};

/// Remove the objects on a proxy that are Reeve's own by their mark and that the registry does not know, however many they are. A
/// scan, which is due at once, does it; read the proxy's drift first for what they are.
#[utoipa::path(
    post, path = "/api/proxies/{id}/prune", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Synced<ProxyView>)),
)]
pub async fn prune_proxy(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = proxies::prune(&state.services, &write.ctx, &id).await?;
    answer::write(&state, &write, written).await
}
