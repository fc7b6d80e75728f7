//! The sessions of this replica, by agent and by realm. The newest epoch of an agent holds its place; whoever leaves
//! takes away only its own entry. Bounded by permits that a session holds as long as it lives.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::session::mailbox::Mailbox;
use crate::{base::ids::RealmId, store::changes::Notice};

/// More take-overs of one identity than this in a minute are an event: two programs share it.
const TAKEOVERS: u32 = 5;
const MINUTE: Duration = Duration::from_mins(1);

/// One session, as the relay sees it.
#[derive(Debug)]
pub(super) struct Entry {
    pub did: Arc<str>,
    pub epoch: i64,
    pub mailbox: Mailbox,
}

#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<State>,
    sessions: Arc<Semaphore>,
    pending: Arc<Semaphore>,
    /// The relay looks at what sessions asked for.
    pub asked: Notify,
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<Arc<str>, Place>,
    realms: HashMap<RealmId, HashSet<Arc<str>>>,
    /// Agents that asked for a look at what they should have.
    asking: HashSet<Arc<str>>,
    takeovers: HashMap<Arc<str>, (Instant, u32)>,
}

#[derive(Debug)]
struct Place {
    entry: Arc<Entry>,
    realms: Vec<RealmId>,
}

impl Hub {
    pub fn new(max_sessions: usize, max_pending: usize) -> Self {
        let permits = |n: usize| Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS)));
        Self {
            state: Mutex::default(),
            sessions: permits(max_sessions),
            pending: permits(max_pending),
            asked: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more session, or `None`.
    pub fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sessions).try_acquire_owned().ok()
    }

    /// Room for one more session that waits for approval, or `None`.
    pub fn admit_pending(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.pending).try_acquire_owned().ok()
    }

    pub fn len(&self) -> usize {
        self.state().sessions.len()
    }

    /// Takes the agent's place. The session that gives way is returned: the one that was there, or, when that is the
    /// newer one, this one.
    pub fn enter(&self, entry: &Arc<Entry>) -> Option<Arc<Entry>> {
        let mut state = self.state();
        if let Some(there) = state.sessions.get(&entry.did)
            && there.entry.epoch > entry.epoch
        {
            return Some(Arc::clone(entry));
        }
        let place = Place { entry: Arc::clone(entry), realms: Vec::new() };
        let before = state.sessions.insert(Arc::clone(&entry.did), place)?;
        state.forget_realms(&entry.did, &before.realms);
        Some(before.entry)
    }

    /// Leaves, unless another session has the place by now.
    pub fn leave(&self, entry: &Entry) {
        let mut state = self.state();
        if state.sessions.get(&entry.did).is_some_and(|place| place.entry.epoch == entry.epoch)
            && let Some(place) = state.sessions.remove(&entry.did)
        {
            state.forget_realms(&entry.did, &place.realms);
            state.asking.remove(&entry.did);
        }
    }

    pub fn get(&self, did: &str) -> Option<Arc<Entry>> {
        self.state().sessions.get(did).map(|place| Arc::clone(&place.entry))
    }

    /// The agent's session here, if it is older than this one. The newest may have come to this replica since its epoch was
    /// read, and does not give way to itself.
    pub fn older(&self, did: &str, newest: i64) -> Option<Arc<Entry>> {
        self.get(did).filter(|entry| entry.epoch < newest)
    }

    /// Whether this session of the agent is here.
    pub fn holds(&self, did: &str, epoch: i64) -> bool {
        self.get(did).is_some_and(|entry| entry.epoch == epoch)
    }

    /// Remembers which realms' changes concern the agent.
    pub fn set_realms(&self, did: &str, realms: &[RealmId]) {
        let mut state = self.state();
        let Some((did, place)) = state.sessions.get_key_value(did) else { return };
        if place.realms == realms {
            return;
        }
        let did = Arc::clone(did);
        let before = place.realms.clone();
        state.forget_realms(&did, &before);
        for realm in realms {
            state.realms.entry(*realm).or_default().insert(Arc::clone(&did));
        }
        if let Some(place) = state.sessions.get_mut(&did) {
            place.realms = realms.to_vec();
        }
    }

    /// Agents of this replica whom a change concerns.
    pub fn concerned(&self, notice: &Notice) -> Vec<Arc<str>> {
        let state = self.state();
        if notice.everyone {
            return state.sessions.keys().cloned().collect();
        }
        let named = notice.agents.iter().filter_map(|did| state.sessions.get_key_value(did.as_str()));
        let named = named.map(|(did, _)| Arc::clone(did));
        let members = notice.realms.iter().filter_map(|realm| state.realms.get(realm)).flatten().cloned();
        let all: HashSet<Arc<str>> = named.chain(members).collect();
        all.into_iter().collect()
    }

    /// A session asks for a look at what its agent should have.
    pub fn ask(&self, did: &Arc<str>) {
        self.state().asking.insert(Arc::clone(did));
        self.asked.notify_one();
    }

    pub fn take_asking(&self) -> Vec<Arc<str>> {
        self.state().asking.drain().collect()
    }

    /// Every session's agent and epoch, for the check of who was taken over elsewhere.
    pub fn epochs(&self) -> Vec<(Arc<str>, i64)> {
        self.state().sessions.iter().map(|(did, place)| (Arc::clone(did), place.entry.epoch)).collect()
    }

    /// Counts a take-over; `true` once per minute for an identity that is taken over too often.
    pub fn count_takeover(&self, did: &Arc<str>, now: Instant) -> bool {
        let mut state = self.state();
        state.takeovers.retain(|_, (since, _)| now.duration_since(*since) < MINUTE);
        let (_, count) = state.takeovers.entry(Arc::clone(did)).or_insert((now, 0));
        *count += 1;
        *count == TAKEOVERS + 1
    }
}

impl State {
    fn forget_realms(&mut self, did: &str, realms: &[RealmId]) {
        for realm in realms {
            if let Some(members) = self.realms.get_mut(realm) {
                members.remove(did);
                if members.is_empty() {
                    self.realms.remove(realm);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn entry(did: &str, epoch: i64) -> Arc<Entry> {
        Arc::new(Entry { did: did.into(), epoch, mailbox: Mailbox::default() })
    }

    fn notice(realms: &[RealmId], agents: &[&str], everyone: bool) -> Notice {
        Notice {
            revision: 1,
            at: DateTime::UNIX_EPOCH,
            kind: "grant".to_owned(),
            realms: realms.to_vec(),
            agents: agents.iter().map(|a| (*a).to_owned()).collect(),
            everyone,
            urgent: false,
        }
    }

    #[test]
    fn the_newest_epoch_has_the_place() {
        let hub = Hub::new(9, 9);
        let (first, second) = (entry("a", 1), entry("a", 2));
        assert!(hub.enter(&first).is_none());
        assert_eq!(hub.enter(&second).unwrap().epoch, 1);
        assert_eq!(hub.enter(&first).unwrap().epoch, 1, "an older one that comes late gives way itself");
        hub.leave(&first);
        assert_eq!(hub.get("a").unwrap().epoch, 2, "who gave way does not take the newer one's entry away");
        assert!(hub.older("a", 2).is_none(), "the newest does not give way to itself");
        assert_eq!(hub.older("a", 3).unwrap().epoch, 2);
        hub.leave(&second);
        assert_eq!(hub.len(), 0);
    }

    #[test]
    fn a_change_concerns_its_realms_and_agents() {
        let hub = Hub::new(9, 9);
        let (one, two) = (RealmId(Uuid::from_u128(1)), RealmId(Uuid::from_u128(2)));
        for did in ["a", "b", "c"] {
            hub.enter(&entry(did, 1));
        }
        hub.set_realms("a", &[one, two]);
        hub.set_realms("b", &[two]);
        hub.set_realms("unknown", &[one]);
        let concerned = |notice: &Notice| {
            let mut dids: Vec<String> = hub.concerned(notice).iter().map(ToString::to_string).collect();
            dids.sort();
            dids.join("")
        };
        assert_eq!(concerned(&notice(&[one], &[], false)), "a");
        assert_eq!(concerned(&notice(&[two], &["a", "c", "elsewhere"], false)), "abc");
        assert_eq!(concerned(&notice(&[], &[], true)), "abc");
        hub.set_realms("a", &[one]);
        assert_eq!(concerned(&notice(&[two], &[], false)), "b");
        hub.enter(&entry("b", 2));
        assert_eq!(concerned(&notice(&[two], &[], false)), "", "a new session says anew where it belongs");
    }

    #[test]
    fn room_is_given_back() {
        let hub = Hub::new(1, 1);
        let held = hub.admit();
        assert!(held.is_some() && hub.admit().is_none());
        drop(held);
        assert!(hub.admit().is_some());
    }

    #[test]
    fn an_identity_that_is_fought_over_is_told_once_a_minute() {
        let hub = Hub::new(9, 9);
        let (did, start): (Arc<str>, _) = ("a".into(), Instant::now());
        let told = |at: u64| hub.count_takeover(&did, start + Duration::from_secs(at));
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(told), [false, false, false, false, false, true, false]);
        assert!(!told(61));
    }
}
