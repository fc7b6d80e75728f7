//! `/api/audit`: who changed what.

mod export;
pub mod list;
