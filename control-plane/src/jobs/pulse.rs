//! Writes what this replica counted, once a minute and only when there is something: a quiet system writes nothing. A replica
//! that dies takes the counts of its last minute with it.

use chrono::{DateTime, Utc};

use crate::{
    base::{ids::ReplicaId, pulse::minute},
    domain::error::Result,
    service::Services,
    store::pulse,
};

/// Remembers in which minute it counts.
#[derive(Debug, Default)]
pub struct PulseJob {
    counting: Option<DateTime<Utc>>,
}

impl PulseJob {
    /// Writes the minute before, when a new one has begun. Called more often than once a minute.
    pub async fn run_once(&mut self, services: &Services, replica: ReplicaId) -> Result<u64> {
        let now = minute(services.store.clock.now());
        let before = *self.counting.get_or_insert(now);
        if before == now {
            return Ok(0);
        }
        self.counting = Some(now);
        write(services, replica, before).await
    }

    /// Writes what is left, when the process ends.
    pub async fn finish(self, services: &Services, replica: ReplicaId) -> Result<u64> {
        match self.counting {
            Some(counting) => write(services, replica, counting).await,
            None => Ok(0),
        }
    }
}

async fn write(services: &Services, replica: ReplicaId, minute: DateTime<Utc>) -> Result<u64> {
    let mine = &services.signals.pulse;
    let counts = mine.take();
    if counts.is_empty() {
        return Ok(0);
    }
    let written = async { pulse::add(&mut *services.store.conn().await?, minute, replica, &counts).await };
    if let Err(error) = written.await {
        mine.put_back(&counts);
        return Err(error);
    }
    // Not worth a line in the log.
    Ok(0)
}
