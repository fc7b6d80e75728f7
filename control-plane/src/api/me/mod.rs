//! The caller: `/api/me`

pub mod get;
pub mod password;
pub mod sessions;
