//! `/api/realms/{id}/keys`: the realm's virtual key.

pub mod list;
pub mod rotate;
