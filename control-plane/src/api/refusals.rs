//! Refused attempts, in the audit: who tried what, and which permission was missing. A flood of them must not become a flood of
//! writes, so each caller has a share, and all together have one; what is left out is counted in the next row.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::StatusCode;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::problem::Problem;
use crate::{
    base::context::Context,
    service::{Services, audit},
};

/// Rows of one caller, or of one address without a caller: that many at once, then one every six seconds.
const EACH: (NonZeroU32, NonZeroU32) = (NonZeroU32::new(10).unwrap(), NonZeroU32::new(30).unwrap());
/// Of all together, a minute and at once.
const ALL: (NonZeroU32, NonZeroU32) = (NonZeroU32::new(300).unwrap(), NonZeroU32::new(300).unwrap());
/// Callers that are remembered before those who were quiet are forgotten.
const REMEMBERED: usize = 10_000;

pub struct Refusals {
    each: DefaultKeyedRateLimiter<String>,
    all: DefaultDirectRateLimiter,
    left_out: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        let quota = |(a_minute, at_once)| Quota::per_minute(a_minute).allow_burst(at_once);
        Self {
            each: RateLimiter::keyed(quota(EACH)),
            all: RateLimiter::direct(quota(ALL)),
            left_out: AtomicU64::new(0),
        }
    }
}

impl Refusals {
    /// Writes a row when this answer refuses something for who the caller is. `bound`: the caller holds in single realms
    /// only, so that "not found" may hide what is there.
    pub async fn note(
        &self,
        services: &Services,
        ctx: &Context,
        operation: &str,
        problem: &Problem,
        bound: bool,
    ) {
        let refused = match problem.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
            StatusCode::NOT_FOUND => bound,
            _ => false,
        };
        if !refused {
            return;
        }
        let caller = format!("{} {}", ctx.auth, ctx.address.as_deref().unwrap_or_default());
        if self.each.check_key(&caller).is_err() || self.all.check().is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if self.each.len() > REMEMBERED {
            self.each.retain_recent();
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let status = problem.status().as_u16();
        if let Err(error) = audit::refused(services, ctx, operation, status, problem.code(), left_out).await {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
            tracing::warn!(error = %crate::base::report(&error), "a refused attempt could not be written down");
        }
    }
}
