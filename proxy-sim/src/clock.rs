//! Time and ids of a simulator: real time plus an offset that tests move forward, so that expiries, cache
//! lags and budget resets need no waiting. Used by everything that stamps a row; it must not be slept on.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

/// Real time plus an offset in milliseconds. Only moves forward.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the simulator's own clock")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, ms: u32) {
        self.offset_ms.fetch_add(i64::from(ms), Ordering::Relaxed);
    }
}

/// A stored timestamp, as LiteLLM's lists write it: `...Z`, milliseconds printed with six digits, or none.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    let at = DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
    let digits = if at.timestamp_subsec_nanos() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    at.to_rfc3339_opts(digits, true)
}

/// A fresh random id, for what LiteLLM would number itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator stands outside the control plane's injected ids"
)]
pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}
