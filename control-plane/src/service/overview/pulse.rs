//! The last hour by the minute, over all replicas.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    base::pulse::minute,
    domain::error::Result,
    store::{Conn, pulse},
};

const MINUTES: i32 = 60;

/// What the replicas did in a minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// When it began.
    pub at: DateTime<Utc>,
    /// Documents that agents answered.
    pub pushes: i64,
    /// From the document on the socket to the answer: half of them, and 95 of 100, took no longer than this. Null without
    /// pushes. The steps are about half as much again each; what took longer than a minute shows as that.
    #[serde(rename = "p50Ms")]
    pub p50_ms: Option<u32>,
    #[serde(rename = "p95Ms")]
    pub p95_ms: Option<u32>,
    /// Calls to proxies that change something there; probes, scans and checks do not count.
    pub calls: i32,
    pub failed_calls: i32,
}

/// Every minute of the last hour, also those in which nothing was done.
pub(super) async fn read(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Minute>> {
    let last = minute(now);
    let first = last - TimeDelta::minutes((MINUTES - 1).into());
    let mut found = pulse::since(conn, first).await?;
    Ok((0..MINUTES)
        .map(|n| {
            let at = first + TimeDelta::minutes(n.into());
            let counts = found.remove(&at).unwrap_or_default();
            Minute {
                at,
                pushes: counts.pushes(),
                p50_ms: counts.percentile_ms(50),
                p95_ms: counts.percentile_ms(95),
                calls: counts.calls,
                failed_calls: counts.failed_calls,
            }
        })
        .collect())
}
