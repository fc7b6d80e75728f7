//! `/api/models`: the registry.

pub mod create;
pub mod delete;
pub mod deployments;
pub mod get;
pub mod list;
pub mod realms;
pub mod test;
pub mod update;
