//! Reading the audit chain.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Entry, Services};
use crate::{
    base::{
        context::Context,
        page::{OrderedRequest, Page},
    },
    domain::error::{Error, Result},
    store::{
        audit::{self, Filter, Stored},
        settings,
    },
};

/// Between two removals of old rows.
const EXPIRE_EVERY: TimeDelta = TimeDelta::days(1);

/// One audit row. `hash` is over `prevHash` and the row's other fields: a row that was changed, removed or moved
/// breaks the chain from there on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// `admin` (the bootstrap token), `person:<email>`, `token:<name>`, `job:<rule>:<subject>`, `agent:<did>`, `system:<job>`, or
    /// `anonymous`, such as of a wrong password.
    pub actor: String,
    /// How the actor was known: `bootstrap-token`, `session:<id>`, `token:<id>`, `workload:<id of the rule>`, `agent-key`, `system`;
    /// of a session that is opened, `password`, `sign-in-link` or `oidc:<provider>`; `none` of whoever was refused unknown. Null in
    /// old rows.
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

/// Writes down an attempt that was refused: what was tried (method and path, with the names of parameters in the place of their
/// values), and why not. `left_out`: how many others were not written down.
pub async fn refused(
    s: &Services,
    ctx: &Context,
    operation: &str,
    status: u16,
    code: &str,
    left_out: u64,
) -> Result<()> {
    let mut after = serde_json::json!({ "status": status, "code": code });
    if !ctx.reach.needed.is_empty() {
        after["needed"] = ctx.reach.needed.into();
    }
    if left_out > 0 {
        after["leftOut"] = left_out.into();
    }
    let entry = Entry::new(operation.to_owned()).after(&after).audit("refused");
    s.store.begin("refused").await?.finish_quiet(ctx, entry).await
}

/// Removes rows that are older than the settings allow, about once a day. The row that says so holds the number and the hash
/// of the last one removed, so that the rest can still be proven whole. Returns how many went.
pub async fn expire(s: &Services) -> Result<u64> {
    let mut tx = s.store.begin("audit.expire").await?;
    let Some(days) = settings::get(tx.conn()).await?.audit_retention_days else { return Ok(0) };
    let cutoff = s.store.clock.now() - TimeDelta::days(days.into());
    let Some((through, hash, rows)) = audit::expire(tx.conn(), cutoff, cutoff - EXPIRE_EVERY).await? else {
        return Ok(0);
    };
    let after = serde_json::json!({ "throughSeq": through, "hash": hash, "rows": rows });
    let entry = Entry::new("audit".to_owned()).after(&after).audit("audit.expire");
    tx.finish_quiet(&Context::system("audit_retention"), entry).await?;
    Ok(rows.unsigned_abs())
}

/// In the order of their numbers, which is that of time.
pub async fn list(s: &Services, wanted: &Wanted, page: &OrderedRequest) -> Result<Page<AuditView>> {
    let filter = Filter {
        actor: wanted.actor.clone(),
        action: wanted.action.clone(),
        subject: wanted.subject.clone(),
        since: wanted.since,
        until: wanted.until,
        oldest_first: !page.order.down,
        after: number_before(page)?,
    };
    let rows = audit::list(&mut *s.store.conn().await?, &filter, page.limit + 1).await?;
    Ok(page.cut_numbered(rows, |(row, _)| row.seq).map(AuditView::from))
}

/// With which number the page before ended.
pub(super) fn number_before(page: &OrderedRequest) -> Result<Option<i64>> {
    let number = page.after.as_ref().map(|place| place.key.parse());
    number.transpose().map_err(|_| Error::invalid("cursor", "expected the nextCursor of an answer"))
}
