//! `GET /api/enrollment-tokens`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::enrollment::{self, TokenView},
};

/// List enrolment tokens, newest first.
#[utoipa::path(
    get, path = "/api/enrollment-tokens", tag = "agents",
    params(PageQuery),
    responses((status = 200, body = List<TokenView>)),
)]
pub async fn list_enrollment_tokens(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<TokenView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(enrollment::list(&state.services, &reach, &page).await?.into()))
}
