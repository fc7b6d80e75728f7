//! Numbers that bound the service. Few on purpose: what has one right value is a constant where it is used.

use std::time::Duration;

use super::read::Reader;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether proxy and provider URLs may lead to loopback and private addresses.
    pub allow_private_urls: bool,
    /// Between two full comparisons of a proxy with the registry.
    pub scan_every: Duration,
    /// The largest share (%) of our objects on a proxy that a scan removes without being asked to.
    pub prune_percent: u32,
    /// Between the heartbeats of a session.
    pub heartbeat_every: Duration,
    pub max_sessions: usize,
    /// From the first signal until running work is cut off.
    pub shutdown_deadline: Duration,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let allow_private_urls = reader.boolean("REEVE_ALLOW_PRIVATE_URLS");
        let scan = reader.number("REEVE_SCAN_SECONDS", 1..=86_400);
        let prune = reader.number("REEVE_PRUNE_PERCENT", 0..=100);
        let heartbeat = reader.number("REEVE_HEARTBEAT_SECONDS", 1..=3600);
        let sessions = reader.number("REEVE_MAX_SESSIONS", 1..=1_000_000);
        let shutdown = reader.number("REEVE_SHUTDOWN_SECONDS", 1..=3600);
        Some(Self {
            allow_private_urls: allow_private_urls?,
            scan_every: Duration::from_secs(scan?.into()),
            prune_percent: prune?,
            heartbeat_every: Duration::from_secs(heartbeat?.into()),
            max_sessions: usize::try_from(sessions?).ok()?,
            shutdown_deadline: Duration::from_secs(shutdown?.into()),
        })
    }
}
