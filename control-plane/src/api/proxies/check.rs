//! `POST /api/proxies/{id}/check`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    service::{
        proxies::{self, ProxyView},
        sync::Synced,
    },
};

/// Look at a proxy now: probe and full scan are due at once, and what is parked is tried again. Answers before that is
/// done; read the proxy for what it found.
#[utoipa::path(
    post, path = "/api/proxies/{id}/check", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Synced<ProxyView>)),
)]
pub async fn check_proxy(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = proxies::check(&state.services, &write.ctx, &id).await?;
    answer::write(&state, &write, written).await
}
