//! Starts what a test needs and takes it down again.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; its ids and names are its own"
)]

mod agent;
mod api;
mod balancer;
mod database;
mod process;
mod proxy;
mod reeve;
mod upstream;

use std::{future::Future, path::PathBuf, time::Duration};

pub use self::{
    agent::Agent,
    api::{Answer, Api},
    balancer::Balancer,
    database::Database,
    process::Process,
    proxy::{Proxy, proxies},
    reeve::{ADMIN_TOKEN, MASTER_KEY, Reeve, ReeveOptions, run},
    upstream::{REFUSED, Upstream},
};

/// How long anything may take before a test gives up waiting for it. Long, because machines are shared; a wait ends as
/// soon as what it waits for is there.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks `look` again and again until it has an answer; panics with `what` when patience is over.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    eventually_or(what, look, || async { String::new() }).await
}

/// As [`eventually`]; `state` says how things stand when patience is over.
pub async fn eventually_or<T, F: Future<Output = Option<T>>, S: Future<Output = String>>(
    what: &str,
    mut look: impl FnMut() -> F,
    state: impl FnOnce() -> S,
) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "gave up waiting: {what}\n{}", state().await);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// A binary of this workspace, beside the test's own in the target folder.
pub fn binary(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("a test has a path");
    path.pop();
    path.pop();
    path.push(name);
    assert!(path.exists(), "{} is not built; run `cargo build --workspace` first", path.display());
    path
}
