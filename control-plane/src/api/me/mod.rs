//! The caller: `/api/me`

pub mod get;
