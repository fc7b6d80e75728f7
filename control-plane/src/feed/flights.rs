//! Changes that are on their way, and how far they were at the last look.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::{event::ReceiptEvent, look::Whose};
use crate::{
    domain::{change::Revision, error::Result},
    service::{Services, changes::ReceiptState, converge},
    store::{
        Conn,
        feed::{self, OnProxies},
    },
};

/// Changes that are followed; the oldest of more are let go.
const FOLLOWED: usize = 1_000;
/// Changes whose agents are counted in one look.
const COUNTED: usize = 20;
/// A change whose proxies are done is looked at this often although no agent moved.
const AGAIN: Duration = Duration::from_secs(1);
/// Changes that are followed from the first look on, although no proxy waits.
const RECENT: TimeDelta = TimeDelta::minutes(1);

struct Flight {
    whose: Whose,
    /// `None`: nobody was told of it yet.
    told: Option<ReceiptEvent>,
    counted_at: Option<Instant>,
    agents_pending: i64,
    /// The agents were counted when the proxies were done.
    counted_last: bool,
    /// It was in flight when the feed began: its first state is no news.
    old: bool,
}

#[derive(Default)]
pub struct Flights(BTreeMap<Revision, Flight>);

impl Flights {
    pub async fn begin(conn: &mut Conn, now: DateTime<Utc>) -> Result<Self> {
        let mut flights = Self::default();
        let limit = i64::try_from(FOLLOWED).unwrap_or(i64::MAX);
        for entry in feed::in_flight(conn, now - RECENT, limit).await? {
            flights.insert(entry.revision, Whose::from(&entry), true);
        }
        Ok(flights)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn add(&mut self, revision: Revision, whose: Whose) {
        self.insert(revision, whose, false);
        while self.0.len() > FOLLOWED {
            self.0.pop_first();
        }
    }

    fn insert(&mut self, revision: Revision, whose: Whose, old: bool) {
        // One that the first look has found already stays as it is.
        self.0.entry(revision).or_insert(Flight {
            whose,
            told: None,
            counted_at: None,
            agents_pending: 0,
            counted_last: false,
            old,
        });
    }

    /// Adds the receipts that moved; whoever arrived is let go.
    pub async fn look(
        &mut self,
        s: &Services,
        agents_moved: bool,
        receipts: &mut Vec<(Whose, ReceiptEvent)>,
    ) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut conn = s.store.conn().await?;
        let revisions: Vec<Revision> = self.0.keys().copied().collect();
        let on_proxies: BTreeMap<Revision, OnProxies> =
            feed::on_proxies(&mut conn, &revisions).await?.into_iter().collect();
        let due = self.due(&on_proxies, agents_moved);
        drop(conn);
        for revision in due {
            let (counts, _) = converge::agents(s, revision, 0).await?;
            let pending = i64::try_from(counts.pending).unwrap_or(i64::MAX);
            let last = !on_proxies.contains_key(&revision);
            if let Some(flight) = self.0.get_mut(&revision) {
                (flight.agents_pending, flight.counted_at) = (pending, Some(Instant::now()));
                flight.counted_last = last;
            }
        }
        self.0.retain(|revision, flight| {
            // Its turn to be counted, at first and when the proxies are done, is still to come.
            if flight.counted_at.is_none() || (!on_proxies.contains_key(revision) && !flight.counted_last) {
                return true;
            }
            let now = flight.receipt(*revision, on_proxies.get(revision).copied().unwrap_or_default());
            let news = flight.told != Some(now) && !(flight.told.is_none() && flight.old);
            if news {
                receipts.push((flight.whose.clone(), now));
            }
            flight.told = Some(now);
            now.state != ReceiptState::Converged
        });
        Ok(())
    }

    /// Whose agents are to be counted, those that waited longest first.
    fn due(&self, on_proxies: &BTreeMap<Revision, OnProxies>, agents_moved: bool) -> Vec<Revision> {
        let now = Instant::now();
        let is_due = |revision: &Revision, f: &Flight| {
            let done = !on_proxies.contains_key(revision);
            agents_moved || f.counted_at.is_none_or(|at| now >= at + AGAIN) || (done && !f.counted_last)
        };
        let waiting = self.0.iter().filter(|(revision, f)| is_due(revision, f));
        let mut due: Vec<_> = waiting.map(|(revision, f)| (f.counted_at, *revision)).collect();
        due.sort_unstable();
        due.into_iter().take(COUNTED).map(|(_, revision)| revision).collect()
    }
}

impl Flight {
    fn receipt(&self, revision: Revision, proxies: OnProxies) -> ReceiptEvent {
        let state = if proxies.parked > 0 {
            ReceiptState::Failed
        } else if proxies.waiting > 0 || self.agents_pending > 0 {
            ReceiptState::Pending
        } else {
            ReceiptState::Converged
        };
        ReceiptEvent {
            revision,
            state,
            proxies_pending: proxies.waiting,
            agents_pending: self.agents_pending,
        }
    }
}
