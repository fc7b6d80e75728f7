//! `GET /api/changes`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::base::context::Context;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, LogSort},
        problem::Result,
    },
    service::changes::{self, ChangeItem, Wanted},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListChanges {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// Such as `grant`.
    pub kind: Option<String>,
    /// All but this kind: without `proxy.applied`, the steps on proxies that follow a change are left out.
    pub not_kind: Option<String>,
    /// As the audit names who did it.
    pub actor: Option<String>,
    /// Only those that concern this realm: id or slug.
    pub realm_id: Option<String>,
    /// `open`: only those that a proxy has not made true, or that a connected agent was offered and has not answered.
    #[param(inline)]
    pub state: Option<ChangeState>,
    /// `-at` when left out, the newest first; a cursor goes on in its own order alone.
    #[param(inline)]
    pub sort: Option<LogSort>,
}

/// Which changes to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeState {
    Open,
}

/// List changes.
#[utoipa::path(
    get, path = "/api/changes", tag = "changes",
    params(ListChanges),
    responses((status = 200, body = List<ChangeItem>)),
)]
pub async fn list_changes(
    State(state): State<ApiState>,
    ctx: Context,
    ApiQuery(query): ApiQuery<ListChanges>,
) -> Result<Json<List<ChangeItem>>> {
    let order = query.sort.unwrap_or_default().order();
    let page = page::ordered(query.limit, query.cursor.as_deref(), order)?;
    let wanted = Wanted {
        kind: query.kind,
        not_kind: query.not_kind,
        actor: query.actor,
        realm: query.realm_id,
        open: query.state == Some(ChangeState::Open),
    };
    Ok(Json(changes::list(&state.services, &ctx, &wanted, &page).await?.into()))
}
