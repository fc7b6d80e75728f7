//! What replicas did, by the minute.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Conn;
use crate::{
    base::{
        ids::ReplicaId,
        pulse::{BUCKETS, Counts},
    },
    domain::error::Result,
};

/// Adds to a replica's minute.
pub async fn add(conn: &mut Conn, minute: DateTime<Utc>, replica: ReplicaId, counts: &Counts) -> Result<()> {
    sqlx::query!(
        "insert into pulse as p (minute, replica_id, latency, calls, failed_calls) values ($1, $2, $3, $4, $5)
         on conflict (minute, replica_id) do update set
             latency = (select array_agg(a + b order by n) from unnest(p.latency, excluded.latency) with ordinality as u (a, b, n)),
             calls = p.calls + excluded.calls, failed_calls = p.failed_calls + excluded.failed_calls",
        minute,
        replica.0,
        &counts.latency[..],
        counts.calls,
        counts.failed_calls
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What all replicas did together in each minute from `since` on; minutes in which they did nothing are missing.
pub async fn since(conn: &mut Conn, since: DateTime<Utc>) -> Result<BTreeMap<DateTime<Utc>, Counts>> {
    let rows =
        sqlx::query!("select minute, latency, calls, failed_calls from pulse where minute >= $1", since)
            .fetch_all(conn)
            .await?;
    let mut minutes: BTreeMap<DateTime<Utc>, Counts> = BTreeMap::new();
    for row in rows {
        let mut latency = [0; BUCKETS];
        for (mine, stored) in latency.iter_mut().zip(row.latency) {
            *mine = stored;
        }
        let counts = Counts { latency, calls: row.calls, failed_calls: row.failed_calls };
        minutes.entry(row.minute).or_default().add(&counts);
    }
    Ok(minutes)
}

/// Forgets minutes before this one.
pub async fn purge(conn: &mut Conn, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from pulse where minute < $1", before).execute(conn).await?.rows_affected())
}
