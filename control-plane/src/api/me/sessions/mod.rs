//! The caller's sessions: `/api/me/sessions`

pub mod delete;
pub mod delete_others;
pub mod list;
