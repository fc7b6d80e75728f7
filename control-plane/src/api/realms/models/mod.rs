//! `/api/realms/{id}/models`: what a realm may use.

pub mod list;
