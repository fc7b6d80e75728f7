//! `/api/realms/{id}/keys`: the realm's virtual key.

pub mod delete;
pub mod list;
pub mod rotate;
