//! Proves that a right is gone: asks the proxy with the old keys until it has refused them for longer than its
//! instances may go on serving what they hold in memory. What was read back says what the proxy stores; only this says
//! what it does.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Reconciler, run::End, write_back::Written};
use crate::{
    domain::error::Result,
    proxy::{ProxyApi, Right},
    store::{
        evidence::{self, Evidence},
        work::Lease,
    },
};

/// On top of a cache's life: what was read from the proxy's database just before the change enters a cache just after it.
const MARGIN: TimeDelta = TimeDelta::seconds(2);
/// Between two questions while a cache may still hold the right.
const AGAIN: TimeDelta = TimeDelta::seconds(10);
/// Between two looks whether the proxy was told, at the least.
const SOON: TimeDelta = TimeDelta::milliseconds(100);
/// Between two questions while the proxy still lets the key through.
const STILL_ALLOWED: TimeDelta = TimeDelta::seconds(2);

impl Reconciler {
    pub(super) async fn revocation(&self, lease: &Lease, api: Arc<dyn ProxyApi>) -> Result<End> {
        let (id, proxy) = (lease.object.id, lease.proxy_id);
        let Some(right) = self.store.revoked_right(proxy, id, lease.wanted_generation).await? else {
            return Ok(End::Matches(Written::Absent));
        };
        if right.granted_again {
            return Ok(End::Matches(Written::Absent));
        }
        let now = self.store.clock.now();
        let Some(closed_at) = right.closed_at else {
            // Their end wakes it, unless it comes while this step runs; so look again, soon at first.
            let again = ((now - right.began_at) / 4).clamp(SOON, self.options.lag);
            return Ok(End::Again(now + again, "team and keys come first".to_owned()));
        };
        let mut allowed = false;
        for (generation, secret) in &right.keys {
            let asked = match api.right(secret, &right.model_name).await {
                Ok(asked) => asked,
                Err(error) => return Ok(End::Failed(error)),
            };
            allowed |= asked.right == Right::Allowed;
            let answer = Evidence {
                revocation_id: id,
                proxy_id: proxy,
                key_generation: *generation,
                at: self.store.clock.now(),
                answer: asked.right.as_str().to_owned(),
                status: asked.status.into(),
            };
            evidence::insert(&mut *self.store.conn().await?, &answer).await?;
        }
        let lag = if right.cache_lag.is_zero() { right.cache_lag } else { right.cache_lag + MARGIN };
        // No cache explains a right that is there after this: somebody opened it again, and caches may hold that.
        let reopened = right.allowed_at.filter(|at| *at > closed_at + lag);
        let gone_at = reopened.unwrap_or(closed_at) + lag;
        Ok(if allowed {
            End::Again(now + STILL_ALLOWED, "the proxy still lets the key use the model".to_owned())
        } else if now < gone_at {
            let reason =
                format!("refused; shown as done when it still is at {}", gone_at.format("%H:%M:%S UTC"));
            End::Again(gone_at.min(now + AGAIN), reason)
        } else {
            End::Matches(Written::Absent)
        })
    }
}
