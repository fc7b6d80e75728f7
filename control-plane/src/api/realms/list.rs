//! `GET /api/realms`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::{
        realms::{self, RealmView},
        sync::Synced,
    },
};

/// List realms, by slug.
#[utoipa::path(
    get, path = "/api/realms", tag = "realms",
    params(PageQuery),
    responses((status = 200, body = List<Synced<RealmView>>)),
)]
pub async fn list_realms(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<Synced<RealmView>>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(realms::list(&state.services, &reach, &page).await?.into()))
}
