//! `/api/freezes`: the emergency stop.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
