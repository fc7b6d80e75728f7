//! Full scans of proxies: which are due, who does them, and what they say of themselves.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Conn;
use crate::{base::ids::ProxyId, domain::error::Result};

/// A scan that runs here, and nowhere else until the lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLease {
    pub proxy_id: ProxyId,
    pub token: Uuid,
}

/// Leases the scans that are due, of proxies that answer, and moves their time on to `next`. A proxy that is being scanned is
/// left out, however long that takes.
pub async fn lease(
    conn: &mut Conn,
    token: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    next: DateTime<Utc>,
) -> Result<Vec<ScanLease>> {
    let ids = sqlx::query_scalar!(
        r#"update proxy set scan_due_at = $4, scan_lease_token = $2, scan_lease_expires_at = $3
           where scan_due_at <= $1 and status = 'ready'
             and (scan_lease_expires_at is null or scan_lease_expires_at <= $1)
           returning id as "id: ProxyId""#,
        now,
        token,
        until,
        next
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(|proxy_id| ScanLease { proxy_id, token }).collect())
}

/// Moves the end of a lease on; `false` when somebody else has the proxy now, or it is gone.
pub async fn renew(conn: &mut Conn, lease: ScanLease, until: DateTime<Utc>) -> Result<bool> {
    let renewed = sqlx::query!(
        "update proxy set scan_lease_expires_at = $3 where id = $1 and scan_lease_token = $2",
        lease.proxy_id.0,
        lease.token,
        until
    )
    .execute(conn)
    .await?;
    Ok(renewed.rows_affected() > 0)
}

/// Says that the scan has ended, however it did.
pub async fn release(conn: &mut Conn, lease: ScanLease) -> Result<()> {
    sqlx::query!(
        "update proxy set scan_lease_token = null, scan_lease_expires_at = null where id = $1 and scan_lease_token = $2",
        lease.proxy_id.0,
        lease.token
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Asks for a full scan of one proxy, or of all, at a time.
pub async fn ask(conn: &mut Conn, id: Option<ProxyId>, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update proxy set scan_due_at = $2 where $1::uuid is null or id = $1", id.map(|i| i.0), at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Says that a full scan ran to its end, and what it saw that is not ours. Written when that changed, or hourly.
pub async fn record(conn: &mut Conn, id: ProxyId, foreign: &Value, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update proxy set scanned_at = $3, foreign_counts = $2
         where id = $1 and (foreign_counts <> $2 or scanned_at is null or scanned_at < $3::timestamptz - interval '1 hour')",
        id.0,
        foreign,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says what a scan did not act on: since when the proxy looks wiped, and how many removals it held back. A permission to remove
/// is used up. Written when that changed.
pub async fn record_caution(
    conn: &mut Conn,
    id: ProxyId,
    wiped_since: Option<DateTime<Utc>>,
    prune_held: i64,
) -> Result<()> {
    sqlx::query!(
        "update proxy set wiped_since = $2, prune_held = $3, prune_allowed = false
         where id = $1 and (wiped_since is distinct from $2 or prune_held <> $3 or prune_allowed)",
        id.0,
        wiped_since,
        prune_held
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets the next scan, which is due now, remove what it held back.
pub async fn allow_prune(conn: &mut Conn, id: ProxyId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update proxy set prune_allowed = true, scan_due_at = $2 where id = $1", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}
