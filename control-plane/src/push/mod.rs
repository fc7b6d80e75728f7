//! Tells agents what they may use: from a committed revision to a document on the right socket, and back to a stored
//! report. It reads and writes through `store`, and must not change configuration.
//!
//! ```text
//! NOTIFY, poll, poke -> relay -> compile -> offer recorded -> mailbox -> session -> socket
//!                         ^ asks: hello, odd reports                      |
//!                         +-----------------------------------------------+--> acks -> store
//! ```
//!
//! A session's first document takes the same way as every later one, so that a storm of connects is worked off in the
//! same batches as a change that concerns everyone.

mod acks;
pub mod compile;
mod endpoint;
mod hub;
pub mod identity;
mod relay;
mod session;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use reeve_protocol::{DEFAULT_HEARTBEAT_SECONDS, Goaway};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::endpoint::router;
use self::{acks::Acks, hub::Hub, identity::Origins, relay::Relay, session::Timing};
use crate::{
    base::{ids::ReplicaId, report, signals::Signals},
    lifecycle::Lifecycle,
    store::{Store, installation},
};

/// The knobs; the defaults are what `reeve serve` uses.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// Between heartbeats, both ways.
    pub heartbeat: Duration,
    /// From the open socket to `hello`.
    pub hello_timeout: Duration,
    /// From a document to the agent's word on it.
    pub status_timeout: Duration,
    pub max_sessions: usize,
    /// Sessions that wait for an admin's approval.
    pub max_pending: usize,
    /// Upgrades that use the database at once; less than the pool has connections.
    pub connects_at_once: usize,
    /// Upgrades that may wait for their turn; more are told to come back.
    pub connects_waiting: usize,
    /// A burst of changes is pushed when it has been quiet for this long ...
    pub quiet: Duration,
    /// ... or at the latest after this.
    pub at_most: Duration,
    /// How many agents a change of the fleet concerns at once, such as a proxy that drains.
    pub moves_per_second: usize,
    /// How long a lost hint can delay a push.
    pub poll: Duration,
    /// How long sessions have to end when the replica stops.
    pub goodbye: Duration,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(DEFAULT_HEARTBEAT_SECONDS.into()),
            hello_timeout: Duration::from_secs(10),
            status_timeout: Duration::from_secs(30),
            max_sessions: 20_000,
            max_pending: 500,
            connects_at_once: 8,
            connects_waiting: 1_000,
            quiet: Duration::from_millis(100),
            at_most: Duration::from_secs(2),
            moves_per_second: 100,
            poll: Duration::from_secs(1),
            goodbye: Duration::from_secs(5),
        }
    }
}

impl PushOptions {
    fn timing(&self) -> Timing {
        Timing { hello: self.hello_timeout, heartbeat: self.heartbeat, status: self.status_timeout }
    }
}

/// The push side of one replica. Cheap to clone.
#[derive(Clone)]
pub struct Push(Arc<Inner>);

struct Inner {
    store: Store,
    signals: Signals,
    origins: Origins,
    replica: ReplicaId,
    options: PushOptions,
    hub: Hub,
    acks: Acks,
    /// Turns of upgrades.
    turns: Semaphore,
    /// Upgrades that have or wait for a turn.
    connecting: AtomicUsize,
    life: Lifecycle,
    /// Counts the sessions' tasks, whose reports are awaited at the end.
    sessions: TaskTracker,
}

impl Push {
    /// `origins` are those under which agents reach this installation.
    pub fn new(
        store: Store,
        signals: Signals,
        origins: Origins,
        replica: ReplicaId,
        options: PushOptions,
        life: Lifecycle,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            signals,
            origins,
            replica,
            hub: Hub::new(options.max_sessions, options.max_pending),
            acks: Acks::default(),
            turns: Semaphore::new(options.connects_at_once),
            connecting: AtomicUsize::new(0),
            life,
            sessions: TaskTracker::new(),
            options,
        }))
    }

    /// How many sessions this replica holds.
    pub fn sessions(&self) -> usize {
        self.0.hub.len()
    }

    /// Says that this replica lives, and spawns what runs until the process begins to stop. To be awaited once, before the
    /// first session.
    pub async fn start(&self) {
        self.0.say_alive().await;
        self.0.life.spawn("push", self.clone().run());
    }

    /// Runs until the process begins to stop; then sends every agent away, waits for the sessions to end and writes what
    /// they said.
    async fn run(self) {
        let inner = &self.0;
        let stop = inner.life.soft();
        // Reports are written while the sessions end, and once more after the last one.
        let ended = CancellationToken::new();
        tokio::join!(
            Relay::new(Arc::clone(inner)).run(stop.clone()),
            inner.acks.run(&inner.store, &inner.signals.progress, ended.clone()),
            async {
                stop.cancelled().await;
                inner.sessions.close();
                if tokio::time::timeout(inner.options.goodbye, inner.sessions.wait()).await.is_err() {
                    tracing::warn!(sessions = inner.sessions.len(), "sessions did not end in time");
                }
                ended.cancel();
            }
        );
        inner.say_goodbye().await;
    }
}

impl Inner {
    /// A session of a replica that nobody knows would be taken for lost.
    async fn say_alive(&self) {
        let said = async {
            let mut conn = self.store.conn().await?;
            installation::replica_seen(&mut conn, self.replica, self.store.clock.now()).await
        };
        if let Err(error) = said.await {
            tracing::warn!(error = %report(&error), "this replica could not say that it lives");
        }
    }

    async fn say_goodbye(&self) {
        let said = async {
            self.acks.flush(&self.store, &self.signals.progress).await?;
            let now = self.store.clock.now();
            let mut conn = self.store.conn().await?;
            installation::replicas_gone(&mut conn, Some(self.replica), chrono::DateTime::UNIX_EPOCH, now)
                .await
        };
        if let Err(error) = said.await {
            tracing::warn!(error = %report(&error), "the end of this replica's sessions could not be written");
        }
    }

    /// Come back later, spread over about a second per thousand sessions.
    fn goaway(&self) -> Goaway {
        let sessions = u64::try_from(self.hub.len()).unwrap_or(u64::MAX);
        Goaway { retry_after_ms: 1_000, spread_ms: sessions.clamp(1_000, 60_000) }
    }
}
