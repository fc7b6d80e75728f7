//! The whole system through its front doors: real binaries, real Postgres, real sockets, real signals.
//!
//! `harness` starts and stops things; the tests are in `tests/*.rs`.

pub mod harness;
