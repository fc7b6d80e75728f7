//! The audit chain: one row per change, written by `tx`, each hashed over the one before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Conn;
use crate::{
    base::hash::chained_sha256,
    domain::{change::Revision, error::Result},
};

/// One audit row. `before` and `after` never hold a secret: they are made from views that have none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    /// How the actor was known, such as `token:<id>`; `None` in rows of versions that did not write it.
    pub auth: Option<String>,
    /// From where it asked, as an IP address.
    pub address: Option<String>,
    pub action: String,
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub request_id: Option<String>,
    pub revision: Option<i64>,
    pub prev_hash: String,
}

impl Row {
    /// Hex SHA-256 over the previous hash and this row's canonical JSON: changing, removing or reordering a row
    /// breaks the chain from there on. `reeve audit verify` knows this form.
    pub fn hash(&self) -> String {
        let mut content = serde_json::json!({
            "seq": self.seq,
            "at": self.at.timestamp_micros(),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "requestId": self.request_id,
            "revision": self.revision,
        });
        if let Some(auth) = &self.auth {
            content["auth"] = auth.as_str().into();
            content["address"] = self.address.clone().into();
        }
        chained_sha256(&self.prev_hash, &content)
    }
}

pub(super) async fn insert(conn: &mut Conn, row: &Row, hash: &str) -> Result<()> {
    sqlx::query!(
        "insert into audit (seq, at, actor, action, subject, before, after, request_id, revision, prev_hash, hash, auth,
                            address)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        row.seq,
        row.at,
        row.actor,
        row.action,
        row.subject,
        row.before as _,
        row.after as _,
        row.request_id,
        row.revision,
        row.prev_hash,
        hash,
        row.auth,
        row.address
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which rows to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub actor: Option<String>,
    pub action: Option<String>,
    /// Exact, or everything below it: `model/<id>`, `realm`.
    pub subject: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub oldest_first: bool,
    /// Only what comes after this number in that order.
    pub after: Option<i64>,
}

/// A stored row with its hash.
pub type Stored = (Row, String);

/// Rows, newest first, unless they are asked for otherwise.
pub async fn list(conn: &mut Conn, filter: &Filter, limit: i64) -> Result<Vec<Stored>> {
    let rows = sqlx::query!(
        "select seq, at, actor, auth, address, action, subject, before, after, request_id, revision, prev_hash, hash
         from audit
         where ($1::text is null or actor = $1) and ($2::text is null or action = $2)
           and ($3::text is null or subject = $3 or starts_with(subject, $3 || '/'))
           and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
           and ($6::bigint is null or case when $8 then seq > $6 else seq < $6 end)
         order by case when $8 then seq end, seq desc limit $7",
        filter.actor,
        filter.action,
        filter.subject,
        filter.since,
        filter.until,
        filter.after,
        limit,
        filter.oldest_first
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let row = Row {
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
            };
            (row, r.hash)
        })
        .collect())
}

/// Removes the rows before `cutoff`, but only when one is older than `overdue`, and never the newest. Returns the number and
/// the hash of the last one removed, and how many went.
pub async fn expire(
    conn: &mut Conn,
    cutoff: DateTime<Utc>,
    overdue: DateTime<Utc>,
) -> Result<Option<(i64, String, i64)>> {
    let row = sqlx::query!(
        r#"with last as (
               select max(seq) as seq from audit
               where at < $1 and seq < (select audit_seq from head)
                 and exists (select 1 from audit where seq = (select min(seq) from audit) and at < $2)
           ), gone as (
               delete from audit where seq <= (select seq from last) returning seq, hash
           )
           select max(seq) as "seq!", (array_agg(hash order by seq desc))[1] as "hash!", count(*) as "rows!" from gone
           having count(*) > 0"#,
        cutoff,
        overdue
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| (r.seq, r.hash, r.rows)))
}

/// Number and hash of the newest row; `None` before the first.
pub async fn head(conn: &mut Conn) -> Result<Option<(i64, String)>> {
    let row = sqlx::query!("select audit_seq, audit_hash from head").fetch_one(conn).await?;
    Ok((row.audit_seq > 0).then_some((row.audit_seq, row.audit_hash)))
}

/// The newest revision of each owner, from the audit rows of its subjects: `(owner, subject)` pairs in.
pub async fn revisions(
    conn: &mut Conn,
    owners: &[String],
    subjects: &[String],
) -> Result<HashMap<String, Revision>> {
    let rows = sqlx::query!(
        // Of each subject its last row alone, by the index: to a plain join with many subjects the record would be read as a whole.
        r#"select s.owner as "owner!", max(a.revision) as "revision!"
           from unnest($1::text[], $2::text[]) as s (owner, subject)
           cross join lateral (
               select a.revision from audit a where a.subject = s.subject and a.revision is not null order by a.seq desc limit 1
           ) a
           group by s.owner"#,
        owners,
        subjects
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.owner, r.revision)).collect())
}
