//! How hard one proxy may be driven: calls at once and calls a second. One gate per proxy, so that one proxy's
//! trouble never slows another (G7).

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Limits of one proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub concurrency: usize,
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

impl Default for Limits {
    /// 4 at once, 20 a second, bursts of 40: one LiteLLM worker answers about as many (litellm/recorded.md, Latency).
    fn default() -> Self {
        const {
            Self {
                concurrency: 4,
                per_second: NonZeroU32::new(20).unwrap(),
                burst: NonZeroU32::new(40).unwrap(),
            }
        }
    }
}

/// Lets calls through within the limits; the others wait.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
    bucket: DefaultDirectRateLimiter,
}

impl Gate {
    pub fn new(limits: Limits) -> Self {
        Self {
            permits: Semaphore::new(limits.concurrency.max(1)),
            bucket: RateLimiter::direct(Quota::per_second(limits.per_second).allow_burst(limits.burst)),
        }
    }

    /// Waits for a turn; the turn lasts until the permit is dropped. `None` never happens, the semaphore is not closed.
    pub async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok();
        self.bucket.until_ready().await;
        permit
    }
}
