//! Observe mode: a proxy shows a revision that this registry never made. The database was put back to an earlier
//! state, so what it says may be what was revoked since. Nothing is done to any proxy until an admin has looked.

use chrono::{DateTime, Utc};

use super::Conn;
use crate::domain::{change::Revision, error::Result};

/// What is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observing {
    /// The newest revision that was seen elsewhere.
    pub ahead: Revision,
    pub since: DateTime<Utc>,
}

/// Begins observe mode if `seen` is newer than the registry; `true` when that began just now.
pub async fn note(conn: &mut Conn, seen: Revision, now: DateTime<Utc>) -> Result<bool> {
    let began = sqlx::query_scalar!(
        r#"with old as (select ahead from head)
           update head set ahead = greatest(head.ahead, $1), ahead_since = coalesce(ahead_since, $2)
           from old where head.revision < $1 and coalesce(head.ahead, 0) < $1
           returning old.ahead is null as "began!""#,
        seen,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(began.unwrap_or(false))
}

pub async fn state(conn: &mut Conn) -> Result<Option<Observing>> {
    let row = sqlx::query!("select ahead, ahead_since from head").fetch_one(conn).await?;
    Ok(row.ahead.zip(row.ahead_since).map(|(ahead, since)| Observing { ahead, since }))
}

/// Agents may have newer documents than the newest mark on a proxy, since not every revision writes to one.
const BEYOND: i64 = 10_000;

/// Ends it. The next revision is newer than all that were made before, so that no agent is ever told an older one.
pub async fn end(conn: &mut Conn) -> Result<()> {
    sqlx::query!(
        "update head set revision = greatest(revision, ahead + $1), ahead = null, ahead_since = null",
        BEYOND
    )
    .execute(conn)
    .await?;
    Ok(())
}
