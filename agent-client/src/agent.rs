//! The handle that a program holds: options in, states out. The work is done by the [`crate::driver`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reeve_protocol::{TokenUsage, VersionHash, code};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::driver::Driver;
use crate::{
    AgentConfigState, AgentError, AgentStatus, Connection, ControlPlaneUrl, CurrentConfig, Identity,
    RejectedDocument, SessionLock, StateDir, Timing,
};

/// Why a program does not take a document. Shown to the admins, so it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Stable, kebab-case, such as `model-not-supported`.
    pub code: String,
    /// For people, at most 1 KiB on the wire.
    pub message: String,
    /// The field that is the reason, such as `config.model`.
    pub field: Option<String>,
}

impl Rejection {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), field: None }
    }

    /// Names the field that is the reason.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    pub(crate) fn of(self, document: VersionHash) -> RejectedDocument {
        let VersionHash { version, hash } = document;
        RejectedDocument { version, hash, code: self.code, message: self.message, field: self.field }
    }

    pub(crate) fn handler_failed(problem: &str) -> Self {
        Self::new(code::HANDLER_FAILED, format!("the agent's program {problem}"))
    }
}

pub(crate) type Handled = Pin<Box<dyn Future<Output = Result<(), Rejection>> + Send>>;
pub(crate) type Handler = Arc<dyn Fn(Arc<CurrentConfig>) -> Handled + Send + Sync>;

/// What an agent needs to run.
#[derive(Clone)]
pub struct AgentOptions {
    pub(crate) url: ControlPlaneUrl,
    pub(crate) identity: Identity,
    pub(crate) dir: StateDir,
    pub(crate) handler: Option<Handler>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) agent_version: String,
    pub(crate) timing: Timing,
}

impl AgentOptions {
    pub fn new(url: ControlPlaneUrl, identity: Identity, dir: StateDir) -> Self {
        Self {
            url,
            identity,
            dir,
            handler: None,
            capabilities: Vec::new(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            timing: Timing::default(),
        }
    }

    /// A function that is asked before a document is in use, also for the one on disk at the start. `Ok` makes it
    /// the running one; `Err` keeps the last good one, and the control plane shows why. An `unavailable` document is
    /// in force whatever the answer. It has [`Timing::handler`] to answer.
    #[must_use]
    pub fn handler<F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Arc<CurrentConfig>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Rejection>> + Send + 'static,
    {
        self.handler = Some(Arc::new(move |current| Box::pin(handler(current))));
        self
    }

    /// What the agent says it can do, in `hello`.
    #[must_use]
    pub fn capabilities(self, capabilities: Vec<String>) -> Self {
        Self { capabilities, ..self }
    }

    /// The embedding program's own version, in `hello`. Default: the version of this crate.
    #[must_use]
    pub fn agent_version(self, version: impl Into<String>) -> Self {
        Self { agent_version: version.into(), ..self }
    }

    #[must_use]
    pub fn timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }
}

/// A running agent. It keeps its session, reconnects by itself, and stops when it is dropped.
#[derive(Debug)]
pub struct ReeveAgent {
    configs: watch::Receiver<Arc<AgentConfigState>>,
    status: watch::Receiver<AgentStatus>,
    usage: watch::Sender<Option<TokenUsage>>,
    tasks: TaskTracker,
    stop: DropGuard,
}

impl ReeveAgent {
    /// Starts the agent. It takes the session lock of the directory ([`AgentError::Held`] when another process has it),
    /// reads the last good document, and returns at once: the control plane need not be reachable. With a handler, the
    /// last good document is handed to it from the background; without one, it is in [`ReeveAgent::configs`] on return.
    ///
    /// Must be called inside a tokio runtime.
    pub async fn connect(options: AgentOptions) -> Result<Self, AgentError> {
        let mut attempts = 0;
        loop {
            match options.dir.lock_session() {
                Ok(lock) => return Self::connect_locked(options, lock).await,
                // `reeve-agent status` takes a look at the lock for a moment.
                Err(AgentError::Held { .. }) if attempts < 3 => attempts += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// As [`ReeveAgent::connect`], with the lock already held.
    pub async fn connect_locked(options: AgentOptions, lock: SessionLock) -> Result<Self, AgentError> {
        let status = AgentStatus {
            did: options.identity.did().clone(),
            connection: Connection::Connecting,
            running: None,
            rejected: None,
            last_error: None,
        };
        let (config_sender, configs) = watch::channel(Arc::new(AgentConfigState::Waiting));
        let (status_sender, status) = watch::channel(status);
        let (usage, usage_receiver) = watch::channel(None);
        let asks = options.handler.is_some();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut driver = Driver::new(
            options,
            lock,
            config_sender,
            status_sender,
            usage_receiver,
            stop.clone(),
            tasks.clone(),
        );
        // With a handler the program has a say, and it may be waiting for this call to return: the task asks it.
        if !asks {
            driver.restore().await;
        }
        tasks.spawn(driver.run());
        tasks.close();
        Ok(Self { configs, status, usage, tasks, stop: stop.drop_guard() })
    }

    /// What the agent may use, now and whenever it changes. A slow reader sees the newest only.
    pub fn configs(&self) -> watch::Receiver<Arc<AgentConfigState>> {
        self.configs.clone()
    }

    /// How the agent does, now.
    pub fn status(&self) -> AgentStatus {
        self.status.borrow().clone()
    }

    /// How the agent does, now and whenever it changes.
    pub fn statuses(&self) -> watch::Receiver<AgentStatus> {
        self.status.clone()
    }

    /// What the program has used since its start; goes out with the next heartbeat.
    pub fn report_usage(&self, usage: TokenUsage) {
        self.usage.send_replace(Some(usage));
    }

    /// Says goodbye to the control plane and stops. What was on disk stays. A document that the handler is looking at is
    /// waited for, up to [`Timing::handler`]: once taken, it is stored for the next start.
    pub async fn shutdown(self) {
        drop(self.stop);
        self.tasks.wait().await;
    }
}
