//! How the process lives and ends: two cancellation tokens, one tracker for every task, and the signals.
//!
//! `app` makes one [`Lifecycle`], spawns everything on it, awaits [`Lifecycle::run`], and then takes down what has no
//! task (the pool, the private cluster, telemetry). It knows nothing of the project, and no task may be spawned
//! past it: axum's own shutdown, for one, does not wait for upgraded sockets.
//!
//! ```text
//! soft   take no new work, say goodbye, finish what was begun     first signal, or a failure
//! hard   give up at the next await                                second signal, or the deadline
//! ```

use std::{
    any::Any,
    io,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

/// What hard cancellation leaves the tasks to end in.
const GRACE: Duration = Duration::from_secs(5);

/// Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    failure: Arc<OnceLock<String>>,
}

/// The process did not end as it was asked to; it exits with failure.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Task(String),
    #[error("{left} task(s) did not end after they were cut off")]
    Stuck { left: usize },
    #[error("cannot listen for signals")]
    Signals(#[from] io::Error),
}

impl Lifecycle {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process begins to stop. For loops, servers and sessions.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when time is up. For work that [`Lifecycle::soft`] lets finish.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// False from the moment when the process begins to stop: what `/ready` says.
    pub fn is_running(&self) -> bool {
        !self.soft.is_cancelled()
    }

    /// Begins to stop, as the first signal does.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Begins to stop because `reason`: the process ends with failure. The first reason counts.
    pub fn fail(&self, reason: impl Into<String>) {
        let reason = reason.into();
        tracing::error!(reason, "stopping because of a failure");
        let _ = self.failure.set(reason);
        self.soft.cancel();
    }

    /// Spawns a task that the process cannot do without: its panic ends the process with failure.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let this = self.clone();
        let span = tracing::info_span!("task", task.name = name);
        self.track(name, work.instrument(span), move |message| {
            this.fail(format!("the task {name} panicked: {message}"));
        });
    }

    /// Spawns a task among many of its kind, such as an agent's session: its panic is logged and ends it alone.
    pub fn spawn_contained(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.track(name, work, |_| {});
    }

    fn track(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
        on_panic: impl FnOnce(&str) + Send + 'static,
    ) {
        self.tasks.spawn(async move {
            if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
                let message = message_of(&*panic);
                metrics::counter!("reeve_task_panics_total", "task" => name).increment(1);
                tracing::error!(task.name = name, panic.message = message, "a task panicked");
                on_panic(message);
            }
        });
    }

    /// Runs until told to stop, then until all tasks have ended. `deadline` is what they have before they are cut
    /// off. From here on SIGTERM and SIGINT are handled; before, they end the process at once.
    pub async fn run(&self, deadline: Duration) -> Result<(), Failure> {
        self.run_with(deadline, GRACE).await
    }

    async fn run_with(&self, deadline: Duration, grace: Duration) -> Result<(), Failure> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "stopping"),
            () = self.soft.cancelled() => tracing::info!("stopping"),
        }
        self.soft.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            name = signals.next() => tracing::warn!(signal = name, "cutting off what still runs"),
            () = self.hard.cancelled() => {}
            () = sleep(deadline) => {
                tracing::warn!(tasks = self.tasks.len(), "the deadline is over, cutting off what still runs");
            }
        }
        self.hard.cancel();
        let stuck = timeout(grace, self.tasks.wait()).await.is_err();
        match self.failure.get() {
            Some(reason) => Err(Failure::Task(reason.clone())),
            None if stuck => Err(Failure::Stuck { left: self.tasks.len() }),
            None => Ok(()),
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    #[tokio::test]
    async fn waits_for_what_was_begun() {
        let life = Lifecycle::new();
        let finished = Arc::new(AtomicBool::new(false));
        let (soft, done) = (life.soft(), finished.clone());
        life.spawn("worker", async move {
            soft.cancelled().await;
            tokio::task::yield_now().await;
            done.store(true, Ordering::SeqCst);
        });
        assert!(life.is_running());
        life.stop();
        assert!(!life.is_running());
        life.run(LONG).await.unwrap();
        assert!(finished.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn the_deadline_cuts_off() {
        let life = Lifecycle::new();
        let hard = life.hard();
        life.spawn("slow", async move { hard.cancelled().await });
        life.stop();
        life.run(Duration::from_millis(1)).await.unwrap();
    }

    #[tokio::test]
    async fn a_task_that_heeds_nothing_is_reported() {
        let life = Lifecycle::new();
        life.spawn("deaf", std::future::pending());
        life.stop();
        let failure = life.run_with(Duration::ZERO, Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(failure.to_string(), "1 task(s) did not end after they were cut off");
    }

    #[tokio::test]
    async fn a_panic_ends_the_process_with_failure() {
        let life = Lifecycle::new();
        life.spawn("relay", async { panic!("lost it") });
        let failure = life.run(LONG).await.unwrap_err();
        assert_eq!(failure.to_string(), "the task relay panicked: lost it");
    }

    #[tokio::test]
    async fn a_contained_panic_does_not() {
        let life = Lifecycle::new();
        let after = life.clone();
        life.spawn_contained("session", async { panic!("one of many") });
        life.spawn("last", async move { after.stop() });
        life.run(LONG).await.unwrap();
    }
}
