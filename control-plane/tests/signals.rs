//! Real signals to this very process. One test, since they reach every listener in it.

use std::time::Duration;

use reeve::lifecycle::Lifecycle;
use rustix::process::{Signal, getpid, kill_process};

#[tokio::test]
async fn the_first_signal_is_soft_and_the_second_hard() {
    let life = Lifecycle::new();
    let (soft, hard) = (life.soft(), life.hard());
    let running = life.clone();
    let (began, begun) = tokio::sync::oneshot::channel();
    life.spawn("unhurried", async move {
        began.send(()).unwrap();
        soft.cancelled().await;
        kill_process(getpid(), Signal::INT).unwrap();
        hard.cancelled().await;
    });
    let run = async {
        // Listening has begun once `run` was polled: only then does a signal not end the process.
        begun.await.unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
    };
    let both = async { tokio::join!(running.run(Duration::from_mins(10)), run).0 };
    tokio::time::timeout(Duration::from_secs(30), both).await.unwrap().unwrap();
}
