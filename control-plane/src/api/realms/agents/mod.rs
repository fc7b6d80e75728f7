//! `/api/realms/{id}/agents`: membership.

pub mod get;
pub mod join;
pub mod leave;
pub mod list;
