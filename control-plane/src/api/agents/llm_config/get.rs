//! `GET /api/agents/{did}/llm-config`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::llm_config::{self, LlmConfigView},
};

/// Read the document that an agent should have now, without its key.
#[utoipa::path(
    get, path = "/api/agents/{did}/llm-config", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = LlmConfigView)),
)]
pub async fn get_llm_config(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(did): ApiPath<String>,
) -> Result<Json<LlmConfigView>> {
    Ok(Json(llm_config::get(&state.services, &reach, &did).await?))
}
