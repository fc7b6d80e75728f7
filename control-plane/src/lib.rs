//! Reeve: a control plane for a fleet of external LiteLLM proxies.
//!
//! Layers, imported one way only (held by `tests/layers.rs`):
//! `api -> service -> store -> domain -> base`, with the side branches
//! `reconcile -> store, proxy, domain, base`, `push -> store, protocol, domain, base`,
//! `proxy -> domain, base`, `jobs -> service, store`, `feed -> service, store`; `app` and `cmd` may see all.

pub mod api;
pub mod app;
pub mod base;
pub mod cli;
pub mod cluster;
pub mod cmd;
pub mod config;
pub mod domain;
pub mod feed;
pub mod jobs;
pub mod lifecycle;
pub mod oidc;
pub mod outbound;
pub mod proxy;
pub mod push;
pub mod reconcile;
pub mod service;
pub mod start;
pub mod store;
pub mod telemetry;
