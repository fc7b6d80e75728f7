//! The whole system through its front doors: real binaries, real Postgres, real sockets, real signals.
//!
//! `harness` starts and stops things, `conformance` is the table that the simulator and LiteLLM are held to; the tests
//! are in `tests/*.rs`.

pub mod conformance;
pub mod harness;
