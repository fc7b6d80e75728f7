//! `GET /api/people`

use axum::{Json, extract::State};

use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::people::{self, PersonView},
};

/// List people, by email.
#[utoipa::path(
    get, path = "/api/people", tag = "access",
    params(PageQuery),
    responses((status = 200, body = List<PersonView>)),
)]
pub async fn list_people(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<PersonView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(people::list(&state.services, &page).await?.into()))
}
