//! `/api/proxies/{id}/adopt`: what is not ours is taken over.

pub mod deployment;
pub mod key;
