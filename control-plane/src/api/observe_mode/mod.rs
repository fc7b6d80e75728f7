//! `/api/observe-mode`: nothing is changed on proxies while the registry is older than they are.

pub mod end;
pub mod get;
