//! Housekeeping: what becomes due by itself. Each job is one idempotent function that reads what is due now, so any
//! number of replicas may run them at once; `run_once` is what tests call.

pub mod audit_head;
pub mod expire_grants;
pub mod gauges;
pub mod pulse;
pub mod purge;
pub mod remove_proxies;
pub mod repoint_agents;
pub mod retire_keys;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    base::{context::Context, ids::ReplicaId, report},
    domain::error::Result,
    service::{Services, keys},
};

/// Between two rounds: how late an expiry can be.
const EVERY: Duration = Duration::from_secs(1);

/// Between two times that this replica says that it lives: a small part of the silence after which it is taken for gone.
const ALIVE: Duration = Duration::from_secs(10);

/// Everything housekeeping needs.
#[derive(Clone)]
pub struct Jobs {
    pub services: Services,
    pub replica: ReplicaId,
}

impl Jobs {
    /// Runs the jobs until `stop`. One job's failure does not stop the others.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.rounds(&stop), self.live(&stop));
    }

    /// Beside the rounds: however long one of those takes, this replica is not to be taken for gone.
    async fn live(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            log("replicas", purge::replicas(&self.services, self.replica).await);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(ALIVE) => {}
            }
        }
    }

    async fn rounds(&self, stop: &CancellationToken) {
        let mut round: u64 = 0;
        let mut gauges = gauges::Gauges::default();
        let mut pulse = pulse::PulseJob::default();
        while !stop.is_cancelled() {
            log("expire_grants", expire_grants::run_once(&self.services).await);
            log("rotate_keys", keys::rotate_aged(&self.services, &Context::system("rotate_keys")).await);
            log("retire_keys", retire_keys::run_once(&self.services).await);
            log("repoint_agents", repoint_agents::run_once(&self.services).await);
            log("remove_proxies", remove_proxies::run_once(&self.services).await);
            log("pulse", pulse.run_once(&self.services, self.replica).await);
            if round.is_multiple_of(5) {
                log("gauges", gauges.run_once(&self.services).await);
            }
            if round.is_multiple_of(300) {
                log("purge", purge::run_once(&self.services).await);
            }
            round = round.wrapping_add(1);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        log("pulse", pulse.finish(&self.services, self.replica).await);
    }
}

fn log(job: &'static str, ended: Result<u64>) {
    match ended {
        Ok(0) => {}
        Ok(done) => tracing::info!(job.name = job, job.done = done, "job closed"),
        Err(error) => {
            tracing::warn!(job.name = job, error = %report(&error), "a job failed; it runs again");
        }
    }
}
