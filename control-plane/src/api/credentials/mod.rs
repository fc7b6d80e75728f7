//! `/api/credentials`: provider keys, write-only.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;
