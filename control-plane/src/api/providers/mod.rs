//! `/api/providers`: what Reeve can register models of.

pub mod list;
