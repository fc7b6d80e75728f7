//! `GET /api/proxies`

use axum::{Json, extract::State};

use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::proxies::{self, ProxyView},
};

/// List the fleet, by name.
#[utoipa::path(
    get, path = "/api/proxies", tag = "proxies",
    params(PageQuery),
    responses((status = 200, body = List<ProxyView>)),
)]
pub async fn list_proxies(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<ProxyView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(proxies::list(&state.services, &page).await?.into()))
}
