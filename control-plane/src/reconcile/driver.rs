//! Leases due work and runs it, a few steps at once per proxy, so that one slow or dead proxy delays only itself.
//!
//! Woken by a poke after a commit, by a finished step, and by a timer that covers for lost pokes and other replicas.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::Reconciler;
use crate::{
    base::ids::ProxyId,
    domain::{error::Result, proxy::ProxyStatus},
    lifecycle::Lifecycle,
    store::{
        proxies,
        work::{self, Lease},
    },
};

/// How long a lost poke can delay work.
const TICK: Duration = Duration::from_secs(1);

/// What this replica does: the steps that run, per proxy, and which proxies it has looked at since it started.
#[derive(Clone, Default)]
struct Running {
    counts: Arc<Mutex<HashMap<ProxyId, usize>>>,
    finished: Arc<Notify>,
    /// `false` while the look runs.
    looked: Arc<Mutex<HashMap<ProxyId, bool>>>,
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

    /// Whether the look at this proxy is to be begun now.
    fn begin_look(&self, proxy: ProxyId) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let first = !looked.contains_key(&proxy);
        if first {
            looked.insert(proxy, false);
        }
        first
    }

    fn end_look(&self, proxy: ProxyId, done: bool) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if done {
            looked.insert(proxy, true);
        } else {
            looked.remove(&proxy);
        }
        drop(looked);
        self.finished.notify_one();
    }

    fn looked_at(&self) -> HashSet<ProxyId> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.iter().filter(|(_, done)| **done).map(|(id, _)| *id).collect()
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
            if let Err(error) = self.look_first(&running, &lifecycle).await {
                tracing::warn!(error = %crate::base::report(&error), "proxies could not be looked at; trying again");
            }
            match self.lease_free_slots(&running, Some(&running.looked_at())).await {
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

    /// After a start nothing is changed on a proxy before it was compared with the registry once: a database that was put back
    /// to an earlier state must be noticed before it is acted on.
    async fn look_first(&self, running: &Running, lifecycle: &Lifecycle) -> Result<()> {
        for proxy in proxies::all(&mut *self.store.conn().await?).await? {
            if proxy.status != ProxyStatus::Ready || !running.begin_look(proxy.id) {
                continue;
            }
            let (this, running) = (self.clone(), running.clone());
            lifecycle.spawn_contained("look", async move {
                let looked = this.look(proxy.id).await;
                if let Err(error) = &looked {
                    tracing::warn!(proxy.name = proxy.name, error = %crate::base::report(error), "the first look at a proxy failed");
                    tokio::time::sleep(TICK).await;
                }
                running.end_look(proxy.id, looked.is_ok());
            });
        }
        Ok(())
    }

    /// On all proxies, or on those that were `looked` at.
    async fn lease_free_slots(
        &self,
        running: &Running,
        looked: Option<&HashSet<ProxyId>>,
    ) -> Result<Vec<Lease>> {
        let mut conn = self.store.conn().await?;
        let (mut ids, mut slots) = (Vec::new(), Vec::new());
        for proxy in proxies::all(&mut conn).await? {
            let free = self.options.per_proxy.saturating_sub(running.on(proxy.id));
            if free > 0 && looked.is_none_or(|looked| looked.contains(&proxy.id)) {
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
            let leases = self.lease_free_slots(&Running::default(), None).await?;
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
