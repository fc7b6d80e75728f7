//! `GET /api/realms/{id}/agents`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{
        ApiState,
        extract::{ApiPath, ApiQuery},
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::members::{self, MemberView},
};

/// List a realm's agents, by DID.
#[utoipa::path(
    get, path = "/api/realms/{id}/agents", tag = "realms",
    params(("id" = String, Path, description = "Id or slug"), PageQuery),
    responses((status = 200, body = List<MemberView>)),
)]
pub async fn list_members(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(id): ApiPath<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<MemberView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(members::list(&state.services, &reach, &id, &page).await?.into()))
}
