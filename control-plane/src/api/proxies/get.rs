//! `GET /api/proxies/{id}`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::proxies::{self, ProxyView},
};

/// Read a proxy: status, queue, and what else is on it.
#[utoipa::path(
    get, path = "/api/proxies/{id}", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = ProxyView)),
)]
pub async fn get_proxy(State(state): State<ApiState>, ApiPath(id): ApiPath<String>) -> Result {
    let proxy = proxies::get(&state.services, &id).await?;
    Ok(answer::read(proxy.version, proxy.view))
}
