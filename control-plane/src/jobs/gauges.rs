//! What the database alone knows, as metrics: the queues, the fleet's health, revocations under way. Every replica shows
//! the same; a metric of one process is set where it changes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    domain::{error::Result, proxy::ProxyStatus},
    service::Services,
    store::{grants, proxies, work},
};

/// Remembers which proxies it has shown.
#[derive(Debug, Default)]
pub struct Gauges {
    shown: BTreeSet<String>,
}

impl Gauges {
    pub async fn run_once(&mut self, services: &Services) -> Result<u64> {
        let store = &services.store;
        let now = store.clock.now();
        let mut conn = store.conn().await?;
        let depths = work::depth(&mut conn).await?;
        for (proxy, waiting, parked, oldest) in &depths {
            metrics::gauge!("reeve_work_waiting", "proxy" => proxy.clone()).set(number(*waiting));
            metrics::gauge!("reeve_work_parked", "proxy" => proxy.clone()).set(number(*parked));
            metrics::gauge!("reeve_work_oldest_age_seconds", "proxy" => proxy.clone()).set(age(*oldest, now));
        }
        for proxy in proxies::all(&mut conn).await? {
            let up = matches!(proxy.status, ProxyStatus::Ready);
            metrics::gauge!("reeve_proxy_up", "proxy" => proxy.name).set(f64::from(u8::from(up)));
        }
        let (revoking, oldest) = grants::revoking(&mut conn).await?;
        metrics::gauge!("reeve_revoking").set(number(revoking));
        metrics::gauge!("reeve_revoking_oldest_age_seconds").set(age(oldest, now));
        drop(conn);
        let idle = store.pool.num_idle();
        let used = usize::try_from(store.pool.size()).unwrap_or_default().saturating_sub(idle);
        for (state, count) in [("idle", idle), ("used", used)] {
            metrics::gauge!("reeve_db_connections", "state" => state)
                .set(number(i64::try_from(count).unwrap_or_default()));
        }
        self.forget_others(depths.into_iter().map(|(proxy, ..)| proxy).collect());
        Ok(0)
    }

    /// A proxy that is gone has no numbers any more; no comparison is true of `NaN`, so it raises no alarm either.
    fn forget_others(&mut self, there: BTreeSet<String>) {
        for gone in self.shown.difference(&there) {
            metrics::gauge!("reeve_work_waiting", "proxy" => gone.clone()).set(f64::NAN);
            metrics::gauge!("reeve_work_parked", "proxy" => gone.clone()).set(f64::NAN);
            metrics::gauge!("reeve_work_oldest_age_seconds", "proxy" => gone.clone()).set(f64::NAN);
            metrics::gauge!("reeve_proxy_up", "proxy" => gone.clone()).set(f64::NAN);
        }
        self.shown = there;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}

/// In seconds; 0 when there is none.
fn age(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    since.map_or(0.0, |since| number((now - since).num_milliseconds().max(0)) / 1000.0)
}
