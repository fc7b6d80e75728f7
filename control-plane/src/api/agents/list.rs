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
    service::agents::{self, AgentSort, AgentView, Live, Wanted},
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
    /// What the sessions say, by the documents that were offered and answered; `wanted.progress` of an agent is judged by
    /// the document that it should have now.
    #[param(inline)]
    pub live: Option<Live>,
    /// Only those that are frozen, or only those that are not.
    pub frozen: Option<bool>,
    /// `did` when left out; a cursor goes on in its own order alone.
    #[param(inline)]
    pub sort: Option<AgentSort>,
}

/// List agents.
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
    let order = query.sort.unwrap_or_default().order();
    let page = page::ordered(query.limit, query.cursor.as_deref(), order)?;
    let wanted = Wanted {
        status: query.status,
        realm: query.realm_id,
        search: query.search,
        live: query.live,
        frozen: query.frozen,
    };
    Ok(Json(agents::list(&state.services, &reach, &wanted, &page).await?.into()))
}
