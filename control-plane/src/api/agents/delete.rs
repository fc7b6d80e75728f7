//! `DELETE /api/agents/{did}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::agents,
};

/// Forget an agent: its session is closed. It may enrol again; to keep it out, revoke it instead.
#[utoipa::path(
    delete, path = "/api/agents/{did}", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_agent(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
) -> Result {
    let written = agents::delete(&state.services, &write.ctx, &did, write.if_match).await?;
    answer::deleted(&state, &write, written).await
}
