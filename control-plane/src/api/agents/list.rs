//! `GET /api/agents`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::reach::Reach;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List},
        problem::Result,
    },
    domain::agent::AgentStatus,
    service::agents::{self, AgentView, Wanted},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAgents {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    pub status: Option<AgentStatus>,
    /// Only members of this realm: id or slug.
    pub realm_id: Option<String>,
    /// Part of the name or DID, in any case.
    pub search: Option<String>,
}

/// List agents, by DID.
#[utoipa::path(
    get, path = "/api/agents", tag = "agents",
    params(ListAgents),
    responses((status = 200, body = List<AgentView>)),
)]
pub async fn list_agents(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<ListAgents>,
) -> Result<Json<List<AgentView>>> {
    let page = page::request(query.limit, query.cursor.as_deref())?;
    let wanted = Wanted { status: query.status, realm: query.realm_id, search: query.search };
    Ok(Json(agents::list(&state.services, &reach, &wanted, &page).await?.into()))
}
