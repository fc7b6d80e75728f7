//! `/api/connection-tests`: trying a backend out before it is registered.

pub mod create;
