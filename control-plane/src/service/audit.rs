//! Reading the audit chain.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Services;
use crate::{
    base::page::{Page, PageRequest},
    domain::error::{Error, Result},
    store::audit::{self, Filter, Stored},
};

/// One audit row. `hash` is over `prevHash` and the row's other fields: a row that was changed, removed or moved
/// breaks the chain from there on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// `admin` (the bootstrap token), `token:<name>`, `agent:<did>` or `system:<job>`.
    pub actor: String,
    /// How the actor was known: `bootstrap-token`, `token:<id>`, `agent-key`, `system`; null in old rows.
    pub auth: Option<String>,
    /// From where it asked, as an IP address.
    pub address: Option<String>,
    pub action: String,
    /// Such as `model/<id>`.
    pub subject: String,
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    pub request_id: Option<String>,
    /// The change-log entry, when there is one.
    pub revision: Option<i64>,
    pub prev_hash: String,
    pub hash: String,
}

impl From<Stored> for AuditView {
    fn from((r, hash): Stored) -> Self {
        Self {
            seq: r.seq,
            at: r.at,
            actor: r.actor,
            auth: r.auth,
            address: r.address,
            action: r.action,
            subject: r.subject,
            before: r.before,
            after: r.after,
            request_id: r.request_id,
            revision: r.revision,
            prev_hash: r.prev_hash,
            hash,
        }
    }
}

/// Which rows to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub actor: Option<String>,
    pub action: Option<String>,
    /// Exact, or everything below it: `model/<id>`, `realm`.
    pub subject: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// Newest first.
pub async fn list(s: &Services, wanted: &Wanted, page: &PageRequest) -> Result<Page<AuditView>> {
    let filter = Filter {
        actor: wanted.actor.clone(),
        action: wanted.action.clone(),
        subject: wanted.subject.clone(),
        since: wanted.since,
        until: wanted.until,
        before_seq: seq_cursor(page)?,
    };
    let rows = audit::list(&mut *s.store.conn().await?, &filter, page.limit + 1).await?;
    Ok(Page::cut(rows, page, |(row, _)| row.seq.to_string()).map(AuditView::from))
}

/// A cursor that is a number.
pub(super) fn seq_cursor(page: &PageRequest) -> Result<Option<i64>> {
    page.after
        .as_deref()
        .map(|text| {
            text.parse().map_err(|_| Error::invalid("cursor", "expected the nextCursor of an answer"))
        })
        .transpose()
}
