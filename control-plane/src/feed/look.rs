//! One look: what is new since the one before, each thing with whom it is for.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    agents::{Agents, Moves},
    event::{ChangeEvent, ProxyEvent, ReceiptEvent},
    flights::Flights,
    proxies::Fleet,
};
use crate::{
    domain::{change::Revision, error::Result},
    service::Services,
    store::{
        Conn, audit,
        changes::Entry,
        feed::{self, Recorded},
        listener,
    },
};

/// Changes of one look; more make another at once.
const CHANGES: i64 = 200;
/// Times come from the clocks of all replicas, and are written a little after they were taken: so far back a look reads again
/// what it compares with what it knows.
pub const OVERLAP: TimeDelta = TimeDelta::seconds(30);

/// Whose a change is: what decides who sees it and its receipt.
#[derive(Clone, Debug)]
pub struct Whose {
    pub realms: Vec<Uuid>,
    pub actor: String,
}

impl From<&Entry> for Whose {
    fn from(entry: &Entry) -> Self {
        Self { realms: entry.realm_ids.clone(), actor: entry.actor.clone() }
    }
}

/// What the subscribers are sent.
#[derive(Debug)]
pub struct Look {
    /// `changes` are all that there are after `after` up to `head`.
    pub after: Revision,
    pub head: Revision,
    pub changes: Vec<(Whose, ChangeEvent)>,
    pub receipts: Vec<(Whose, ReceiptEvent)>,
    pub agents: Agents,
    pub proxies: Vec<ProxyEvent>,
    /// What was written to the audit record.
    pub recorded: Option<Recorded>,
    /// Sent although it may be empty: it says up to where the next ones leave out nothing.
    pub first: bool,
    /// The database went back to an earlier state, with `head` as the newest revision.
    pub restored: bool,
}

impl Look {
    fn at(head: Revision) -> Self {
        Self {
            after: head,
            head,
            changes: Vec::new(),
            receipts: Vec::new(),
            agents: Agents::default(),
            proxies: Vec::new(),
            recorded: None,
            first: false,
            restored: false,
        }
    }

    pub fn says_something(&self) -> bool {
        self.first
            || self.restored
            || self.head > self.after
            || !self.receipts.is_empty()
            || !self.agents.is_empty()
            || !self.proxies.is_empty()
            || self.recorded.is_some()
    }
}

/// Where a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Here,
    /// There are more changes already.
    More,
}

/// What is known from the looks so far.
pub struct Watch {
    read: Revision,
    flights: Flights,
    agents: Moves,
    fleet: Fleet,
    /// The newest audit row.
    recorded: i64,
}

impl Watch {
    /// The first look: what there is now is known and told to nobody.
    pub async fn begin(s: &Services) -> Result<(Self, Look)> {
        let now = s.store.clock.now();
        let mut conn = s.store.conn().await?;
        let read = listener::head(&mut conn).await?;
        let flights = Flights::begin(&mut conn, now).await?;
        let agents = Moves::begin(&mut conn, now).await?;
        let fleet = Fleet::begin(&mut conn).await?;
        let recorded = audit::head(&mut conn).await?.map_or(0, |(seq, _)| seq);
        Ok((Self { read, flights, agents, fleet, recorded }, Look { first: true, ..Look::at(read) }))
    }

    /// What is new; `seen` is the newest revision that streams have read by themselves. When it breaks off, the look holds what was found until then.
    pub async fn look(&mut self, s: &Services, seen: Revision) -> (Look, Result<Ended>) {
        let mut look = Look::at(self.read);
        let ended = self.gather(s, seen, &mut look).await;
        (look, ended)
    }

    async fn gather(&mut self, s: &Services, seen: Revision, look: &mut Look) -> Result<Ended> {
        let now = s.store.clock.now();
        let mut conn = s.store.conn().await?;
        let more = self.changes(&mut conn, seen, look).await?;
        look.agents = self.agents.look(&mut conn, now).await?;
        look.proxies = self.fleet.look(&mut conn).await?;
        let recorded = feed::recorded(&mut conn, self.recorded).await?;
        drop(conn);
        // Not only when it is newer: a backup that was put back has an older one.
        if recorded.seq != self.recorded {
            self.recorded = recorded.seq;
            look.recorded = Some(recorded);
        }
        self.flights.look(s, !look.agents.is_empty(), &mut look.receipts).await?;
        Ok(more)
    }

    async fn changes(&mut self, conn: &mut Conn, seen: Revision, look: &mut Look) -> Result<Ended> {
        let found = feed::changes(conn, self.read, CHANGES).await?;
        if found.is_empty() {
            let head = listener::head(conn).await?;
            // A backup was put back under the running process. (A head that is ahead was made after the read: next time.)
            if head < self.read.max(seen) {
                tracing::warn!(revision = head, "the change log went back; streams of events begin anew");
                self.read = head;
                self.flights.clear();
                (look.after, look.head, look.restored) = (head, head, true);
            }
            return Ok(Ended::Here);
        }
        let more = if found.len() < usize::try_from(CHANGES).unwrap_or(usize::MAX) {
            Ended::Here
        } else {
            Ended::More
        };
        for entry in found {
            let whose = Whose::from(&entry);
            self.read = entry.revision;
            look.head = entry.revision;
            self.flights.add(entry.revision, whose.clone());
            look.changes.push((whose, entry.into()));
        }
        Ok(more)
    }
}
