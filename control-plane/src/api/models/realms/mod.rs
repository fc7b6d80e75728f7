//! `/api/models/{id}/realms`: grants.

pub mod get;
pub mod grant;
pub mod list;
pub mod revoke;
