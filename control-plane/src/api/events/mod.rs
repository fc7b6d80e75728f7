//! `/api/events`

pub mod get;
