//! Has a revision arrived? The receipt of a change, and waiting for it (`Prefer: wait`).
//!
//! Converged: every proxy has made it true (or given up, which is `failed`), and every connected agent that it
//! concerns runs the document it should have, or has refused it. Agents that are away get it when they come back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{Services, sync::AgentCounts};
use crate::{
    domain::{agent::AgentState, change::Revision, error::Result},
    store::{
        changes::{self, Concerned},
        sessions,
    },
};

/// Between two looks when no signal came: doubled from the first to the second.
const LOOK: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(400));

/// One agent that a revision concerns.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentProgress {
    pub did: String,
    pub name: String,
    pub connected: bool,
    pub state: AgentState,
    /// Version it runs, and since when; null before the first.
    pub version: Option<i64>,
    pub at: Option<DateTime<Utc>>,
}

impl From<Concerned> for AgentProgress {
    fn from(c: Concerned) -> Self {
        Self {
            did: c.did,
            name: c.name,
            connected: c.state != AgentState::Offline,
            state: c.state,
            version: c.applied_version,
            at: c.applied_at,
        }
    }
}

/// How far the agents that a revision concerns are: the counts over all, and the first `items` of them by DID. By what their
/// sessions say, and up to which revision the relay has looked at them: no document is made for it.
pub async fn agents(
    s: &Services,
    revision: Revision,
    items: i64,
) -> Result<(AgentCounts, Vec<AgentProgress>)> {
    let (n, list) = changes::agents(&mut *s.store.conn().await?, revision, items).await?;
    let size = |n: i64| usize::try_from(n).unwrap_or_default();
    let connected = n.pending + n.applied + n.rejected;
    let counts = AgentCounts {
        concerned: size(n.offline + connected),
        connected: size(connected),
        applied: size(n.applied),
        pending: size(n.pending),
        rejected: size(n.rejected),
    };
    Ok((counts, list.into_iter().map(AgentProgress::from).collect()))
}

/// Whether nothing that a revision asked for is still on its way. The proxies come first: what agents should have
/// depends on them.
async fn settled(s: &Services, revision: Revision) -> Result<bool> {
    let effects = changes::effects(&mut *s.store.conn().await?, revision).await?;
    let open = |e: &&changes::Effect| e.done_at.is_none() && e.proxy_name.is_some();
    let mut open = effects.iter().filter(open).peekable();
    if open.peek().is_some() {
        return Ok(open.all(|e| e.parked_code.is_some()));
    }
    Ok(agents(s, revision, 0).await?.0.pending == 0)
}

/// Waits until a revision has converged or failed, at most `patience`. Returns how far the agents are then.
pub async fn wait(s: &Services, revision: Revision, patience: Duration) -> Result<AgentCounts> {
    until(s, patience, || settled(s, revision)).await?;
    Ok(agents(s, revision, 0).await?.0)
}

/// Waits until the agent's session was sent the document with this hash, at most `patience`; `false` when not.
pub async fn wait_offered(s: &Services, did: &str, hash: &str, patience: Duration) -> Result<bool> {
    let dids = [did.to_owned()];
    until(s, patience, || async {
        let session = sessions::list(&mut *s.store.conn().await?, &dids).await?.pop();
        Ok(session.is_some_and(|(_, session)| session.offered_hash.as_deref() == Some(hash)))
    })
    .await
}

/// Looks again on every signal of progress, and with growing distance without one; never for more than half of the time, since
/// a look at thousands of agents is work.
async fn until<F, Fut>(s: &Services, patience: Duration, done: F) -> Result<bool>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let deadline = Instant::now() + patience;
    let mut pause = LOOK.0;
    loop {
        // Made before the look, so that a signal in between is not missed.
        let progress = s.signals.progress.notified();
        let began = Instant::now();
        if done().await? {
            return Ok(true);
        }
        let now = Instant::now();
        let rest = LOOK.0.max(now - began);
        if now >= deadline {
            return Ok(false);
        }
        tokio::select! {
            // Signals come in bursts.
            () = progress => tokio::time::sleep_until((Instant::now() + rest).min(deadline)).await,
            () = tokio::time::sleep_until((now + pause.max(rest)).min(deadline)) => pause = (pause * 2).min(LOOK.1),
        }
    }
}
