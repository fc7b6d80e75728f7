//! `/api/changes`: the change log.

pub mod get;
pub mod list;
