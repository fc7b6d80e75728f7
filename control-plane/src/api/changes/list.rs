//! `GET /api/changes`

use axum::{Json, extract::State};

use crate::base::context::Context;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::changes::{self, ChangeView},
};

/// List changes, newest first.
#[utoipa::path(
    get, path = "/api/changes", tag = "changes",
    params(PageQuery),
    responses((status = 200, body = List<ChangeView>)),
)]
pub async fn list_changes(
    State(state): State<ApiState>,
    ctx: Context,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<ChangeView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(changes::list(&state.services, &ctx, &page).await?.into()))
}
