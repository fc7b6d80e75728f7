//! `/api/realms`: tenant groups.

pub mod agents;
pub mod create;
pub mod delete;
pub mod get;
pub mod keys;
pub mod list;
pub mod models;
pub mod update;
