//! Leases due work and runs it, a few steps at once per proxy, so that one slow or dead proxy delays only itself.
//!
//! Woken by a poke after a commit, by a finished step, and by a timer that covers for lost pokes and other replicas.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::Reconciler;
use crate::{
    base::ids::ProxyId,
    domain::error::Result,
    lifecycle::Lifecycle,
    store::{
        proxies,
        work::{self, Lease},
    },
};

/// How long a lost poke can delay work.
const TICK: Duration = Duration::from_secs(1);

/// Steps running on this replica, per proxy.
#[derive(Clone, Default)]
struct Running {
    counts: Arc<Mutex<HashMap<ProxyId, usize>>>,
    finished: Arc<Notify>,
}

impl Running {
    fn add(&self, proxy: ProxyId) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(proxy).or_default() += 1;
    }

    fn remove(&self, proxy: ProxyId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = counts.get_mut(&proxy) {
            *n = n.saturating_sub(1);
        }
        drop(counts);
        self.finished.notify_one();
    }

    fn on(&self, proxy: ProxyId) -> usize {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(&proxy).copied().unwrap_or_default()
    }
}

impl Reconciler {
    /// Runs until the process begins to stop; steps under way are tracked and finish by themselves.
    pub async fn drive(self, lifecycle: Lifecycle) {
        let stop = lifecycle.soft();
        let running = Running::default();
        while !stop.is_cancelled() {
            match self.lease_free_slots(&running).await {
                Ok(leases) => {
                    for lease in leases {
                        running.add(lease.proxy_id);
                        let (this, running) = (self.clone(), running.clone());
                        lifecycle.spawn_contained("step", async move {
                            if let Err(error) = this.run(&lease).await {
                                // The lease runs out and another run takes over.
                                tracing::error!(error = %crate::base::report(&error), "a step could not be written back");
                            }
                            running.remove(lease.proxy_id);
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %crate::base::report(&error), "work could not be leased; trying again");
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.signals.reconcile.notified() => {}
                () = running.finished.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    async fn lease_free_slots(&self, running: &Running) -> Result<Vec<Lease>> {
        let mut conn = self.store.conn().await?;
        let (mut ids, mut slots) = (Vec::new(), Vec::new());
        for proxy in proxies::all(&mut conn).await? {
            let free = self.options.per_proxy.saturating_sub(running.on(proxy.id));
            if free > 0 {
                ids.push(proxy.id);
                slots.push(i64::try_from(free).unwrap_or(1));
            }
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.store.clock.now();
        work::lease(&mut conn, &ids, &slots, self.store.ids.uuid(), now, now + self.options.lease).await
    }

    /// Runs everything that is due now, one after the other, until nothing is; returns how many steps that took. For
    /// tests, and for `reeve doctor`.
    pub async fn run_once(&self) -> Result<usize> {
        let mut steps = 0;
        loop {
            let leases = self.lease_free_slots(&Running::default()).await?;
            if leases.is_empty() {
                return Ok(steps);
            }
            for lease in leases {
                self.run(&lease).await?;
                steps += 1;
            }
        }
    }
}
