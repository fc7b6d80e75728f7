//! `GET /api/audit`

use axum::{Json, extract::State, response::IntoResponse as _};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::export;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List, LogSort},
        problem::Result,
    },
    service::audit::{self, AuditView, Wanted},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// Exact.
    pub actor: Option<String>,
    /// Exact, such as `grant`.
    pub action: Option<String>,
    /// Exact, or everything below it: `model/<id>`, `realm`.
    pub subject: Option<String>,
    /// From this time on.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
    /// `csv` or `ndjson`: every row that matches, in one answer, `limit` and `cursor` left aside.
    #[param(inline)]
    pub format: Option<Format>,
    /// `-at` when left out, the newest first; a cursor goes on in its own order alone.
    #[param(inline)]
    pub sort: Option<LogSort>,
}

/// How to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Json,
    Csv,
    Ndjson,
}

/// List audit rows, or export them.
#[utoipa::path(
    get, path = "/api/audit", tag = "audit",
    params(ListAudit),
    responses((status = 200, content(
        (List<AuditView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
    ))),
)]
pub async fn list_audit(State(state): State<ApiState>, ApiQuery(query): ApiQuery<ListAudit>) -> Result {
    let order = query.sort.unwrap_or_default().order();
    let page = page::ordered(query.limit, query.cursor.as_deref(), order)?;
    let wanted = Wanted {
        actor: query.actor,
        action: query.action,
        subject: query.subject,
        since: query.since,
        until: query.until,
    };
    match query.format {
        None | Some(Format::Json) => {
            let page: List<AuditView> = audit::list(&state.services, &wanted, &page).await?.into();
            Ok(Json(page).into_response())
        }
        Some(format) => export::stream(state, wanted, order, format).await,
    }
}
