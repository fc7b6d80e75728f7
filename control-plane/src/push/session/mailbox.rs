//! Between the relay and one session: at most one document (the latest) and at most one verdict wait here, and the
//! relay sees what the agent is known to have. One lock, so that "what is on its way" is never in between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Offered, Verdict, machine::Machine};

#[derive(Debug, Default)]
pub(in crate::push) struct Mailbox {
    slot: Mutex<Slot>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Slot {
    document: Option<Arc<Offered>>,
    verdict: Option<Verdict>,
    /// A verdict that ends the session was left.
    ending: bool,
    seen: Seen,
}

/// What the relay may know of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::push) struct Seen {
    /// Documents may be offered.
    pub full: bool,
    /// Waits for approval.
    pub pending: bool,
    /// Hash of what the agent has or is about to have.
    pub current: Option<Arc<str>>,
    /// Nothing is on its way: `current` is what the agent says it runs.
    pub settled: bool,
    /// Hash it refused.
    pub rejected: Option<Arc<str>>,
}

impl Seen {
    /// Whether this hash is to be offered. A refused one only when an admin asked to try again.
    pub fn wants(&self, hash: &str, retry: bool) -> bool {
        self.full
            && self.current.as_deref() != Some(hash)
            && (retry || self.rejected.as_deref() != Some(hash))
    }
}

impl Mailbox {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn seen(&self) -> Seen {
        self.slot().seen.clone()
    }

    /// Leaves a document; one that still waits is dropped.
    pub fn put(&self, document: Arc<Offered>) {
        let mut slot = self.slot();
        slot.seen.current = Some(Arc::clone(&document.hash));
        slot.seen.settled = false;
        slot.document = Some(document);
        drop(slot);
        self.changed.notify_one();
    }

    /// Leaves a verdict; `false` when the session is to end already, which is not overwritten.
    pub fn decide(&self, verdict: Verdict) -> bool {
        let mut slot = self.slot();
        if slot.ending {
            return false;
        }
        slot.ending = !matches!(verdict, Verdict::Approved(_));
        slot.verdict = Some(verdict);
        drop(slot);
        self.changed.notify_one();
        true
    }

    /// Waits until something may be there.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    pub fn take(&self) -> (Option<Verdict>, Option<Arc<Offered>>) {
        let mut slot = self.slot();
        (slot.verdict.take(), slot.document.take())
    }

    /// Shows the relay what the session knows now. A document that waits counts as on its way.
    pub(super) fn show(&self, machine: &Machine) {
        let mut slot = self.slot();
        let seen = &mut slot.seen;
        seen.full = machine.is_full();
        seen.pending = machine.is_pending();
        share(&mut seen.rejected, machine.rejected());
        if slot.document.is_none() {
            let seen = &mut slot.seen;
            share(&mut seen.current, machine.current());
            seen.settled = machine.is_settled();
        }
    }
}

/// Sets a shared text, without a copy when it is the same.
fn share(slot: &mut Option<Arc<str>>, text: Option<&str>) {
    if slot.as_deref() != text {
        *slot = text.map(Arc::from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::session::Frame;

    fn document(hash: &str) -> Arc<Offered> {
        Arc::new(Offered {
            version: 1,
            hash: hash.into(),
            state: "env",
            reason: "connect",
            key_generation: None,
            frame: Frame("{}".into()),
            changed_at: None,
        })
    }

    #[test]
    fn only_the_latest_document_waits() {
        let mailbox = Mailbox::default();
        mailbox.put(document("a"));
        mailbox.put(document("b"));
        assert_eq!(mailbox.seen().current.as_deref(), Some("b"));
        let (verdict, waiting) = mailbox.take();
        assert_eq!((verdict, waiting.map(|d| d.hash.to_string())), (None, Some("b".to_owned())));
        assert!(mailbox.take().1.is_none());
    }

    #[test]
    fn an_end_is_not_overwritten() {
        let mailbox = Mailbox::default();
        assert!(mailbox.decide(Verdict::Approved(Vec::new())));
        assert!(mailbox.decide(Verdict::Revoked(None)));
        assert!(!mailbox.decide(Verdict::Approved(Vec::new())));
        assert!(!mailbox.decide(Verdict::Superseded));
        assert_eq!(mailbox.take().0, Some(Verdict::Revoked(None)));
    }

    #[test]
    fn a_refused_hash_is_offered_only_when_asked_for() {
        let mut seen = Seen { full: true, rejected: Some("bad".into()), ..Seen::default() };
        assert!(!seen.wants("bad", false) && seen.wants("bad", true) && seen.wants("good", false));
        seen.current = Some("good".into());
        assert!(!seen.wants("good", true));
        seen.full = false;
        assert!(!seen.wants("other", true));
    }
}
