//! What the whole installation allows: `/api/settings`

pub mod get;
pub mod update;
