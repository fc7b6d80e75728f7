//! `GET /api/credentials`

use axum::{Json, extract::State};

use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, PageQuery},
        problem::Result,
    },
    service::credentials::{self, CredentialView},
};

/// List credentials, by name.
#[utoipa::path(
    get, path = "/api/credentials", tag = "credentials",
    params(PageQuery),
    responses((status = 200, body = List<CredentialView>)),
)]
pub async fn list_credentials(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<CredentialView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    Ok(Json(credentials::list(&state.services, &page).await?.into()))
}
