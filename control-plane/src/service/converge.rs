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
    domain::{
        agent::AgentSession,
        change::Revision,
        error::{Error, Result},
    },
    push::hashes::Hashes,
    store::{changes, documents::Inputs, sessions},
};

/// Documents are built for this many agents at a time: what realms and proxies have is read once for all of them.
const BATCH: usize = 10_000;
/// Between two looks when no signal came: doubled from the first to the second.
const LOOK: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(400));

/// How far an agent is with the document it should have now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    Applied,
    Pending,
    Rejected,
    /// Not connected: it gets the newest document when it comes back.
    Offline,
}

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

/// How far an agent is; `wanted` is the hash of its document.
pub fn agent_state(session: &AgentSession, wanted: &str) -> AgentState {
    if session.replica_id.is_none() {
        AgentState::Offline
    } else if session.applied_hash.as_deref() == Some(wanted) {
        AgentState::Applied
    } else if session.rejected_hash.as_deref() == Some(wanted) && !session.retry_asked {
        AgentState::Rejected
    } else {
        AgentState::Pending
    }
}

/// How far the agents that a revision concerns are: the counts over all, and the first `items` of them by DID.
pub async fn agents(
    s: &Services,
    revision: Revision,
    items: usize,
) -> Result<(AgentCounts, Vec<AgentProgress>)> {
    let mut conn = s.store.conn().await?;
    let entry =
        changes::get(&mut conn, revision).await?.ok_or_else(|| Error::not_found("change", revision))?;
    let concerned = changes::agents(&mut conn, &entry).await?;
    drop(conn);
    let mut counts = AgentCounts { concerned: concerned.len(), ..AgentCounts::default() };
    // Of those who are away, no more is told than of the first.
    let told = concerned.into_iter().enumerate().filter(|(at, agent)| agent.connected || *at < items);
    let dids: Vec<String> = told.map(|(_, agent)| agent.did).collect();
    let mut list = Vec::new();
    for batch in dids.chunks(BATCH) {
        let inputs = s.store.document_inputs(batch).await?;
        for progress in progress(&inputs) {
            match progress.state {
                AgentState::Applied => counts.applied += 1,
                AgentState::Pending => counts.pending += 1,
                AgentState::Rejected => counts.rejected += 1,
                AgentState::Offline => {}
            }
            counts.connected += usize::from(progress.connected);
            if list.len() < items {
                list.push(progress);
            }
        }
    }
    Ok((counts, list))
}

fn progress(inputs: &Inputs) -> impl Iterator<Item = AgentProgress> + '_ {
    let mut hashes = Hashes::new(inputs);
    inputs.agents.iter().map(move |input| {
        let connected = input.session.replica_id.is_some();
        AgentProgress {
            did: input.agent.did.clone(),
            name: input.agent.name.clone(),
            connected,
            // Nobody needs the document of one that is away.
            state: if connected {
                agent_state(&input.session, &hashes.of(input))
            } else {
                AgentState::Offline
            },
            version: input.session.applied_version,
            at: input.session.applied_at,
        }
    })
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
