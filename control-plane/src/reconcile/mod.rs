//! Makes proxies match the store. Level-triggered: the queue carries a key, every run reads what is wanted now and
//! what the proxy shows now, plans (pure), acts, reads back, and writes back under its lease.
//!
//! `driver` leases and spawns, `run` is one leased step, `plan` decides, `render` makes bodies, `prove` asks with rights
//! that were taken away, `sweep` scans for drift and for keys nobody knows, `caution` says when not to act on that at once,
//! `health` probes, `trial` asks on an admin's behalf and writes nothing. Any number of replicas may do this at once; no leader.

mod caution;
mod compare;
pub mod driver;
mod enforce;
pub mod fleet;
pub mod health;
pub mod plan;
mod prove;
pub mod render;
pub mod run;
pub mod sweep;
pub mod trial;
mod write_back;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use self::fleet::Fleet;
use crate::{
    base::{ids::InstallationId, signals::Signals},
    store::Store,
};

/// The knobs; the defaults are what `reeve serve` uses.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a leased step may take; the step itself is ended `SKEW` earlier. It is also how long the work of a replica
    /// that was killed waits. A step that is cut off is not lost: the next one begins with a look. A scan, which may take long,
    /// renews its own.
    pub lease: TimeDelta,
    /// Steps at once on one proxy, from this replica.
    pub per_proxy: usize,
    /// Steps after which an item is parked for an operator.
    pub max_attempts: i32,
    pub backoff_base: Duration,
    pub backoff_cap: Duration,
    /// Between two probes of a proxy.
    pub check_every: TimeDelta,
    /// Between two full scans of a proxy.
    pub scan_every: TimeDelta,
    /// The largest share (%) of our objects on a proxy that a scan may remove without being asked to.
    pub prune_percent: usize,
    /// How long a successful write may stay invisible: instances behind one URL follow each other within 30 s
    /// (LITELLM.md C).
    pub lag: TimeDelta,
}

/// What is taken off a lease for clocks that differ between replicas.
pub const SKEW: Duration = Duration::from_secs(3);

impl Default for Options {
    fn default() -> Self {
        Self {
            lease: TimeDelta::seconds(15),
            per_proxy: 4,
            max_attempts: 30,
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_mins(1),
            check_every: TimeDelta::seconds(10),
            scan_every: TimeDelta::seconds(60),
            prune_percent: 20,
            lag: TimeDelta::seconds(3),
        }
    }
}

/// What every part of the reconciler needs. Cheap to clone.
#[derive(Clone)]
pub struct Reconciler {
    pub store: Store,
    pub fleet: Arc<Fleet>,
    pub owner: InstallationId,
    pub signals: Signals,
    pub options: Options,
}
