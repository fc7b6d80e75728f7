//! `/api/work`: what is still to be done on proxies.

pub mod list;
