//! `DELETE /api/enrollment-tokens/{id}`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result, write::Write},
    base::ids::EnrollmentTokenId,
    service::enrollment::{self, TokenView},
};

/// End an enrolment token. Agents that enrolled with it stay.
#[utoipa::path(
    delete, path = "/api/enrollment-tokens/{id}", tag = "agents",
    params(("id" = EnrollmentTokenId, Path)),
    responses((status = 200, body = TokenView)),
)]
pub async fn revoke_enrollment_token(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<EnrollmentTokenId>,
    write: Write,
) -> Result<Json<TokenView>> {
    Ok(Json(enrollment::revoke(&state.services, &write.ctx, id).await?.view))
}
