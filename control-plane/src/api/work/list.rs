//! `GET /api/work`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List},
        problem::Result,
    },
    service::proxies::{self, WorkView},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListWork {
    /// Id or name; all proxies when left out.
    pub proxy_id: Option<String>,
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
}

/// List the work queue, oldest first. It moves too fast to be paged: the answer is its beginning.
#[utoipa::path(
    get, path = "/api/work", tag = "proxies",
    params(ListWork),
    responses((status = 200, body = List<WorkView>)),
)]
pub async fn list_work(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<ListWork>,
) -> Result<Json<List<WorkView>>> {
    let page = page::request(query.limit, None)?;
    Ok(Json(proxies::queue(&state.services, query.proxy_id.as_deref(), page.limit).await?.into()))
}
