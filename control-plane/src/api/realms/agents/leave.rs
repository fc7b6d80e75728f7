//! `DELETE /api/realms/{id}/agents/{did}`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    service::{
        members::{self, MemberView},
        sync::Synced,
    },
};

/// Take an agent out of a realm: what it had through it, it loses at once. Answers with the membership that was.
#[utoipa::path(
    delete, path = "/api/realms/{id}/agents/{did}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug"), ("did" = String, Path)),
    responses((status = 200, body = Synced<MemberView>)),
)]
pub async fn leave_realm(
    State(state): State<ApiState>,
    ApiPath((id, did)): ApiPath<(String, String)>,
    write: Write,
) -> Result {
    let written = members::leave(&state.services, &write.ctx, &id, &did).await?;
    answer::write(&state, &write, written).await
}
