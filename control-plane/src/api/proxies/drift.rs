//! `GET /api/proxies/{id}/drift`

use axum::{Json, extract::State};

use crate::{
    api::{
        ApiState,
        extract::{ApiPath, ApiQuery},
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::proxies::drift::{self, DriftView},
};

/// List what is different on a proxy, as of the last full scan.
#[utoipa::path(
    get, path = "/api/proxies/{id}/drift", tag = "proxies",
    params(("id" = String, Path, description = "Id or name"), PageQuery),
    responses((status = 200, body = List<DriftView>)),
)]
pub async fn list_drift(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<DriftView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(drift::list(&state.services, &id, &page).await?.into()))
}
