//! The two ambient things an agent needs: the wall clock and fresh ids. Nothing else may ask for them; the session
//! machine is given instants.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time now, UTC.
#[expect(clippy::disallowed_methods, reason = "the one place of the agent that reads the system's clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A fresh UUIDv7.
#[expect(clippy::disallowed_methods, reason = "the one place of the agent that makes ids")]
pub(crate) fn id() -> Uuid {
    Uuid::now_v7()
}
