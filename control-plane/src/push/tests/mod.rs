//! The push side as agents see it: real sockets, a real database, one or two replicas.

mod admission;
mod agent;
mod approval;
mod documents;
mod receipts;
mod replica;
mod rules;
mod versions;
mod world;

use std::time::Duration;

/// How long anything may take before a test gives up. Long, because machines are shared.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `ready` says so, looking again and again.
async fn until(what: &str, mut ready: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !ready().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never came true: {what}"));
}
