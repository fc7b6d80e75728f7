//! `/api/proxies`: the fleet.

pub mod adopt;
pub mod check;
pub mod create;
pub mod delete;
pub mod drift;
pub mod get;
pub mod list;
pub mod prune;
pub mod update;
