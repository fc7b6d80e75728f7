//! Where `exec` and `serve` get documents from: a session of their own, or the one that another process already holds.
//!
//! There is one session per identity. The lock of the directory says who has it. Who does not have it reads the sealed
//! last good document, which the holder keeps fresh, and takes over when the holder ends.

use std::sync::Arc;
use std::time::Duration;

use reeve_agent::protocol::VersionHash;
use reeve_agent::{
    AgentConfigState, AgentError, AgentOptions, AgentStatus, CurrentConfig, Identity, ReeveAgent, Rejection,
    SessionLock, StateDir,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How often a follower looks at the directory.
const LOOK: Duration = Duration::from_millis(500);

pub enum Event {
    /// Another process holds the session; its documents follow.
    Following {
        pid: String,
    },
    Document {
        current: Arc<CurrentConfig>,
        /// Whom to tell whether it is taken. Absent for a follower: the holder answers for it.
        answer: Answer,
    },
    Status(AgentStatus),
    /// The control plane revoked this agent. Nothing follows.
    Revoked,
    /// The directory cannot be used. Nothing follows.
    Failed(AgentError),
}

/// The answer to a document. Dropped without a word, it counts as a refusal.
pub struct Answer(Option<oneshot::Sender<Result<(), Rejection>>>);

impl Answer {
    pub fn give(self, answer: Result<(), Rejection>) {
        if let Some(sender) = self.0 {
            // Nobody waits any more when the session has ended meanwhile.
            let _ = sender.send(answer);
        }
    }
}

pub struct Feed {
    pub events: mpsc::Receiver<Event>,
    stop: DropGuard,
    tasks: TaskTracker,
}

impl Feed {
    pub fn start(options: AgentOptions, identity: Identity, dir: StateDir) -> Self {
        let (sender, events) = mpsc::channel(16);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let stopped = stop.clone();
        tasks.spawn(async move {
            if let Err(error) = follow_or_hold(options, identity, dir, &sender, &stopped).await {
                let _ = sender.send(Event::Failed(error)).await;
            }
        });
        tasks.close();
        Self { events, stop: stop.drop_guard(), tasks }
    }

    /// Ends the session, if it is ours.
    pub async fn stop(self) {
        // Closed first: what is still being handed over must not keep the session waiting.
        drop(self.events);
        drop(self.stop);
        self.tasks.wait().await;
    }
}

async fn follow_or_hold(
    options: AgentOptions,
    identity: Identity,
    dir: StateDir,
    events: &mpsc::Sender<Event>,
    stop: &CancellationToken,
) -> Result<(), AgentError> {
    let mut look = tokio::time::interval(LOOK);
    let mut follower = Follower::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = look.tick() => {}
        }
        match dir.lock_session() {
            Ok(lock) => return hold(options, lock, events, stop).await,
            Err(AgentError::Held { pid, .. }) => {
                for event in follower.look(pid, &identity, &dir)? {
                    if events.send(event).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// What a follower has passed on.
#[derive(Default)]
struct Follower {
    pid: Option<String>,
    document: Option<VersionHash>,
    status: Option<AgentStatus>,
}

impl Follower {
    fn look(&mut self, pid: String, identity: &Identity, dir: &StateDir) -> Result<Vec<Event>, AgentError> {
        let mut events = Vec::new();
        if self.pid.as_ref() != Some(&pid) {
            self.pid = Some(pid.clone());
            events.push(Event::Following { pid });
        }
        // What cannot be read is written anew by the holder; until then there is no config.
        let config = match dir.last_config(identity) {
            Err(AgentError::Damaged { .. }) => AgentConfigState::Waiting,
            read => read?,
        };
        if let AgentConfigState::Current(mut current) = config {
            let name = VersionHash { version: current.version, hash: current.hash.clone() };
            if self.document.as_ref() != Some(&name) {
                self.document = Some(name);
                // The holder is there and keeps the file fresh.
                current.from_disk = false;
                events.push(Event::Document { current: Arc::new(current), answer: Answer(None) });
            }
        }
        if let Some(saved) = dir.saved_status()?
            && self.status.as_ref() != Some(&saved.status)
        {
            self.status = Some(saved.status.clone());
            events.push(Event::Status(saved.status));
        }
        Ok(events)
    }
}

async fn hold(
    options: AgentOptions,
    lock: SessionLock,
    events: &mpsc::Sender<Event>,
    stop: &CancellationToken,
) -> Result<(), AgentError> {
    let documents = events.clone();
    let options = options.handler(move |current| {
        let documents = documents.clone();
        async move {
            let stopping = || Rejection::new("stopping", "the agent's program is stopping");
            let (sender, answer) = oneshot::channel();
            let event = Event::Document { current, answer: Answer(Some(sender)) };
            documents.send(event).await.map_err(|_| stopping())?;
            answer.await.unwrap_or_else(|_| Err(stopping()))
        }
    });
    let agent = ReeveAgent::connect_locked(options, lock).await?;
    let (mut configs, mut statuses) = (agent.configs(), agent.statuses());
    let watched = async {
        loop {
            let event = tokio::select! {
                biased;
                revoked = async { configs.wait_for(|state| **state == AgentConfigState::Revoked).await.is_ok() } => {
                    if revoked {
                        let _ = events.send(Event::Revoked).await;
                    }
                    return;
                }
                changed = statuses.changed() => {
                    if changed.is_err() {
                        continue;
                    }
                    Event::Status(statuses.borrow_and_update().clone())
                }
            };
            if events.send(event).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = watched => {}
    }
    agent.shutdown().await;
    Ok(())
}
