//! In-process pokes: "something was committed, go and look". Hints only; every listener also has its own timer. And what the
//! process counts of its own doing.

use std::sync::Arc;

use tokio::sync::Notify;

use super::pulse::Pulse;

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// There may be work for proxies.
    pub reconcile: Arc<Notify>,
    /// There may be a new revision for agents.
    pub relay: Arc<Notify>,
    /// A probe or scan may be due now.
    pub check: Arc<Notify>,
    /// Something came true, on a proxy or at an agent: whoever waits for a change to converge looks again.
    pub progress: Arc<Notify>,
    /// Pushes and calls, for the overview.
    pub pulse: Pulse,
    /// There is a new revision, of this replica or another, or there may be one: the feed of events looks.
    pub feed: Arc<Notify>,
}

impl Signals {
    /// After a commit that took a revision.
    pub fn changed(&self) {
        self.reconcile.notify_one();
        self.relay.notify_one();
        self.feed.notify_one();
    }
}
