//! `DELETE /api/agents/{did}/llm-config`

use axum::extract::State;

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result, write::Write},
    service::{
        llm_config::{self, LlmConfigView},
        sync::Synced,
    },
};

/// Clear an agent's choice: mode `env`. A later grant does not bring it back.
#[utoipa::path(
    delete, path = "/api/agents/{did}/llm-config", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = Synced<LlmConfigView>)),
)]
pub async fn delete_llm_config(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
) -> Result {
    let written = llm_config::clear(&state.services, &write.ctx, &did, write.if_match).await?;
    super::answer(&state, &write, &did, written).await
}
