//! `GET /api/realms/{id}/agents/{did}`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::members::{self, MemberView},
};

/// Read a membership.
#[utoipa::path(
    get, path = "/api/realms/{id}/agents/{did}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug"), ("did" = String, Path)),
    responses((status = 200, body = MemberView)),
)]
pub async fn get_member(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath((id, did)): ApiPath<(String, String)>,
) -> Result<Json<MemberView>> {
    Ok(Json(members::get(&state.services, &reach, &id, &did).await?))
}
