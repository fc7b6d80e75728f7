//! One stream's place in the feed: where it is in the change log, and what it is to be sent next.
//!
//! Changes come from the looks, and from the database where the looks do not join on to where the stream is: after a resume,
//! after the first look, after an outage. So none is left out, none comes twice, and all come in order.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    Feed,
    agents::Agents,
    event::{
        AgentsEvent, AuditEvent, ChangeEvent, Event, EventData, HelloEvent, ResetEvent,
        ResetReason::{self, Ahead, Behind, Rights, Slow},
    },
    look::{Look, Whose},
    viewer::Viewer,
};
use crate::{
    domain::{
        change::Revision,
        error::{Error, Result},
    },
    store::{feed, listener},
};

/// Changes that a stream is brought up to date with; from further back, a client reads everything again.
const RESUMED: i64 = 1_000;

/// Open streams, by caller.
pub type Places = HashMap<String, usize>;

/// Holds a stream's place among those of its caller.
struct Place {
    feed: Feed,
    caller: String,
}

impl Place {
    fn take(feed: &Feed, caller: &str) -> Result<Self> {
        let mut places = feed.places();
        let mine = places.get(caller).copied().unwrap_or_default();
        if mine >= feed.options.per_caller || places.values().sum::<usize>() >= feed.options.in_all {
            return Err(Error::TooMany {
                code: "too-many-streams",
                message: "too many streams of events are open; close one, or try again later".to_owned(),
                retry_after_seconds: 15,
            });
        }
        places.insert(caller.to_owned(), mine + 1);
        Ok(Self { feed: feed.clone(), caller: caller.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.feed.places();
        if let Some(count) = places.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.caller);
            }
        }
    }
}

/// What a stream is sent, one event after the other.
pub struct Subscription {
    place: Place,
    viewer: Viewer,
    looks: broadcast::Receiver<Arc<Look>>,
    /// Everything up to here was sent, or is in `queue`.
    position: Revision,
    queue: VecDeque<Event>,
    /// Received, and not worked off yet.
    look: Option<Arc<Look>>,
    /// To be begun anew, for this reason.
    lost: Option<ResetReason>,
}

impl Subscription {
    /// `after`: the last change that the client has.
    pub async fn open(feed: &Feed, caller: &str, viewer: Viewer, after: Option<Revision>) -> Result<Self> {
        let place = Place::take(feed, caller)?;
        // Before the head is read, so that what comes after it is in a look.
        let looks = feed.subscribe().await?;
        let mut this =
            Self { place, viewer, looks, position: 0, queue: VecDeque::new(), look: None, lost: None };
        let head = this.head().await?;
        let reason = match after {
            Some(after) if after > head => Some(Ahead),
            Some(after) if head - after > RESUMED => Some(Behind),
            _ => None,
        };
        this.position = if reason.is_none() { after.unwrap_or(head) } else { head };
        this.push(EventData::Hello(HelloEvent { revision: this.position }));
        match reason {
            Some(reason) => this.push(EventData::Reset(ResetEvent { reason, revision: head })),
            None => this.fill(head).await?,
        }
        Ok(this)
    }

    /// What the caller may see from now on. When that is something else, it must read everything again.
    pub fn see_as(&mut self, viewer: Viewer) {
        if self.viewer != viewer {
            self.viewer = viewer;
            self.lost = Some(Rights);
        }
    }

    /// The next event, when there is one. May be dropped and asked for again without a loss.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(reason) = self.lost {
                self.begin_anew(reason).await?;
            }
            if let Some(event) = self.queue.pop_front() {
                return Ok(event);
            }
            if let Some(look) = self.look.clone() {
                self.take(&look).await?;
                self.look = None;
                continue;
            }
            match self.looks.recv().await {
                Ok(look) => self.look = Some(look),
                Err(RecvError::Lagged(_)) => {
                    self.looks = self.looks.resubscribe();
                    self.lost = Some(Slow);
                }
                Err(RecvError::Closed) => return Err(Error::internal("the feed of events is gone")),
            }
        }
    }

    async fn begin_anew(&mut self, reason: ResetReason) -> Result<()> {
        let head = self.head().await?;
        (self.position, self.look, self.lost) = (head, None, None);
        self.push(EventData::Reset(ResetEvent { reason, revision: head }));
        Ok(())
    }

    async fn take(&mut self, look: &Look) -> Result<()> {
        if look.restored && look.head < self.position {
            self.lost = Some(Ahead);
            return Ok(());
        }
        if look.after - self.position > RESUMED {
            self.lost = Some(Behind);
            return Ok(());
        }
        self.fill(look.after).await?;
        for (whose, change) in &look.changes {
            self.change(whose, change.change.revision, || change.clone());
        }
        for (whose, receipt) in &look.receipts {
            if self.viewer.sees_change(whose) {
                self.push(EventData::Receipt(*receipt));
            }
        }
        match &look.agents {
            Agents::Each(agents) => {
                for (realms, agent) in agents {
                    if self.viewer.sees_agent(realms) {
                        self.push(EventData::Agent(agent.clone()));
                    }
                }
            }
            Agents::Many(counts) => {
                let seen = counts.iter().filter(|(realms, _)| self.viewer.sees_agent(realms));
                let count = seen.map(|(_, count)| count).sum();
                if count > 0 {
                    self.push(EventData::Agents(AgentsEvent { count }));
                }
            }
        }
        if self.viewer.sees_proxies() {
            for proxy in &look.proxies {
                self.push(EventData::Proxy(proxy.clone()));
            }
        }
        if let Some(recorded) = &look.recorded {
            let seq = self.viewer.sees_audit().then_some(recorded.seq);
            let kinds: Vec<_> =
                recorded.kinds.iter().filter(|kind| self.viewer.sees_kind(kind)).cloned().collect();
            if seq.is_some() || !kinds.is_empty() {
                self.push(EventData::Audit(AuditEvent { seq, kinds }));
            }
        }
        Ok(())
    }

    /// Reads what lies between the stream and `upto`.
    async fn fill(&mut self, upto: Revision) -> Result<()> {
        if upto <= self.position {
            return Ok(());
        }
        let mut conn = self.place.feed.services.store.conn().await?;
        let found = feed::changes(&mut conn, self.position, upto - self.position).await?;
        drop(conn);
        for entry in found {
            let (whose, revision) = (Whose::from(&entry), entry.revision);
            self.change(&whose, revision, || entry.into());
        }
        Ok(())
    }

    fn change(&mut self, whose: &Whose, revision: Revision, event: impl FnOnce() -> ChangeEvent) {
        if revision <= self.position {
            return;
        }
        self.position = revision;
        if self.viewer.sees_change(whose) {
            self.push(EventData::Change(event()));
        }
    }

    fn push(&mut self, data: EventData) {
        self.queue.push_back(data.into());
    }

    async fn head(&self) -> Result<Revision> {
        let feed = &self.place.feed;
        let head = listener::head(&mut *feed.services.store.conn().await?).await?;
        feed.seen.fetch_max(head, Ordering::SeqCst);
        Ok(head)
    }
}
