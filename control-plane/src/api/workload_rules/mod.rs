//! Rules for CI jobs: `/api/workload-rules`

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
