//! What any service needs and that knows nothing of this project: time, ids, secrets, hashes.

pub mod backoff;
pub mod clock;
pub mod context;
pub mod hash;
pub mod idgen;
pub mod ids;
pub mod page;
pub mod seal;
pub mod secret;
pub mod signals;
