//! `GET /api/agents/{did}/realm-llm`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::realm_llm::{self, RealmLlmView},
};

/// What an agent may use, realm by realm.
#[utoipa::path(
    get, path = "/api/agents/{did}/realm-llm", tag = "agents",
    params(("did" = String, Path)),
    responses((status = 200, body = RealmLlmView)),
)]
pub async fn get_realm_llm(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath(did): ApiPath<String>,
) -> Result<Json<RealmLlmView>> {
    Ok(Json(realm_llm::get(&state.services, &reach, &did).await?))
}
