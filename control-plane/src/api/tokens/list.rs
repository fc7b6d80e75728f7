//! `GET /api/tokens`

use axum::{Json, extract::State};

use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    base::reach::Reach,
    service::tokens::{self, ApiTokenView},
};

/// List API tokens, newest first, those that have ended too.
#[utoipa::path(
    get, path = "/api/tokens", tag = "access",
    params(PageQuery),
    responses((status = 200, body = List<ApiTokenView>)),
)]
pub async fn list_api_tokens(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<ApiTokenView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(tokens::list(&state.services, &reach, &page).await?.into()))
}
