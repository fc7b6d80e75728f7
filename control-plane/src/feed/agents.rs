//! Agents that moved since the last look. How far one is, is said by its session row alone: what it was offered last against
//! what it runs or refused. No document is made for it, so that ten thousand who come back at once cost one query a look.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::{event::AgentEvent, look::OVERLAP};
use crate::{
    base::ids::RealmId,
    domain::{agent::AgentState, error::Result},
    store::{
        Conn,
        feed::{self, AgentMoved},
    },
};

/// More in one look are counted, not named.
pub const NAMED: usize = 500;

/// Who moved, with the realms they are in.
#[derive(Debug)]
pub enum Agents {
    Each(Vec<(Vec<RealmId>, AgentEvent)>),
    Many(BTreeMap<Vec<RealmId>, usize>),
}

impl Default for Agents {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Agents {
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Each(agents) => agents.is_empty(),
            Self::Many(counts) => counts.is_empty(),
        }
    }
}

/// Those who moved of late, as they were seen last.
#[derive(Debug)]
pub struct Moves {
    since: DateTime<Utc>,
    known: HashMap<String, (DateTime<Utc>, AgentEvent)>,
}

impl Moves {
    pub async fn begin(conn: &mut Conn, now: DateTime<Utc>) -> Result<Self> {
        let mut moves = Self { since: now - OVERLAP, known: HashMap::new() };
        moves.look(conn, now).await?;
        Ok(moves)
    }

    pub async fn look(&mut self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Agents> {
        let rows = feed::agents(conn, self.since).await?;
        let mut moved = Vec::new();
        for row in rows {
            let (at, realms, event) = (row.moved_at, row.realms.clone(), AgentEvent::from(row));
            if self.known.get(&event.did).is_none_or(|(_, known)| *known != event) {
                self.known.insert(event.did.clone(), (at, event.clone()));
                moved.push((realms, event));
            } else if let Some(known) = self.known.get_mut(&event.did) {
                known.0 = at;
            }
        }
        self.since = now - OVERLAP;
        let since = self.since;
        self.known.retain(|_, (at, _)| *at > since);
        if moved.len() <= NAMED {
            return Ok(Agents::Each(moved));
        }
        let mut counts = BTreeMap::new();
        for (mut realms, _) in moved {
            realms.sort_unstable();
            *counts.entry(realms).or_default() += 1;
        }
        Ok(Agents::Many(counts))
    }
}

impl From<AgentMoved> for AgentEvent {
    fn from(row: AgentMoved) -> Self {
        let session = &row.session;
        let progress = match session.offered_hash.as_deref().or(session.applied_hash.as_deref()) {
            Some(wanted) => session.state(wanted),
            None if session.replica_id.is_some() => AgentState::Pending,
            None => AgentState::Offline,
        };
        Self {
            connected: session.replica_id.is_some(),
            progress,
            running_version: session.applied_version,
            wanted_version: session.offered_hash.as_ref().map(|_| session.offered_version),
            did: row.did,
            name: row.name,
            status: row.status,
        }
    }
}
