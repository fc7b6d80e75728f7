//! Requests that stand still until a test lets them go. `serve` parks them here for `Fault::Hold`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{oneshot, watch};

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Number of the request, as in the log.
    pub seq: u64,
    pub method: String,
    pub path: String,
    /// It has been acted on; only its answer waits.
    pub done: bool,
}

#[derive(Debug)]
pub(crate) struct Holds {
    parked: Mutex<BTreeMap<u64, (Held, oneshot::Sender<()>)>>,
    count: watch::Sender<usize>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { parked: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Holds {
    fn parked(&self) -> MutexGuard<'_, BTreeMap<u64, (Held, oneshot::Sender<()>)>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the release. If the client goes away, the caller's future is dropped and the entry with it.
    pub(crate) async fn park(&self, held: Held) {
        let seq = held.seq;
        let (release, released) = oneshot::channel();
        let _entry = Entry { holds: self, seq };
        let count = {
            let mut parked = self.parked();
            parked.insert(seq, (held, release));
            parked.len()
        };
        self.count.send_replace(count);
        // An error means the sender was dropped by a release; both end the wait.
        let _ = released.await;
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.parked().values().map(|(held, _)| held.clone()).collect()
    }

    /// Lets one request go on; false if it does not wait.
    pub(crate) fn release(&self, seq: u64) -> bool {
        let found = self.parked().remove(&seq);
        found.is_some_and(|(_, release)| release.send(()).is_ok())
    }

    pub(crate) fn release_all(&self) {
        let all = std::mem::take(&mut *self.parked());
        for (_, release) in all.into_values() {
            // The waiter may have gone away with its client.
            let _ = release.send(());
        }
    }

    /// Waits until at least `n` requests are held. Callers bound the time.
    pub(crate) async fn wait_for(&self, n: usize) {
        // The sender lives as long as `self`.
        let _ = self.count.subscribe().wait_for(|count| *count >= n).await;
    }
}

struct Entry<'a> {
    holds: &'a Holds,
    seq: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let count = {
            let mut parked = self.holds.parked();
            parked.remove(&self.seq);
            parked.len()
        };
        self.holds.count.send_replace(count);
    }
}
