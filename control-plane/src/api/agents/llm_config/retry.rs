//! `POST /api/agents/{did}/llm-config/retry`

use axum::extract::State;

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result, write::Write},
    service::{
        llm_config::{self, LlmConfigView},
        sync::Synced,
    },
};

/// Offer a document once more that the agent has refused.
#[utoipa::path(
    post, path = "/api/agents/{did}/llm-config/retry", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = Synced<LlmConfigView>)),
)]
pub async fn retry_llm_config(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
) -> Result {
    let written = llm_config::retry(&state.services, &write.ctx, &did).await?;
    super::answer(&state, &write, &did, written).await
}
