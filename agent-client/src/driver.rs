//! Drives one agent: feeds the machine with what happens, does what it says. Every decision is the machine's.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use reeve_protocol::{Document, LlmConfigMessage, TokenUsage};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{debug, info, warn};

use crate::machine::{DialFailure, Facts, Input, Machine, Output, View};
use crate::socket::{self, Received, Socket};
use crate::{
    AgentConfigState, AgentError, AgentOptions, AgentStatus, Connection, CurrentConfig, Rejection,
    SessionLock, clock,
};

type Dialing = Pin<Box<dyn Future<Output = Result<Socket, DialFailure>> + Send>>;
type Handling = AbortOnDropHandle<Result<(), Rejection>>;

pub(crate) struct Driver {
    options: AgentOptions,
    machine: Machine,
    dialing: Option<Dialing>,
    socket: Option<Socket>,
    handling: Option<Handling>,
    configs: watch::Sender<Arc<AgentConfigState>>,
    status: watch::Sender<AgentStatus>,
    usage: watch::Receiver<Option<TokenUsage>>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _lock: SessionLock,
}

impl Driver {
    pub(crate) fn new(
        options: AgentOptions,
        lock: SessionLock,
        configs: watch::Sender<Arc<AgentConfigState>>,
        status: watch::Sender<AgentStatus>,
        usage: watch::Receiver<Option<TokenUsage>>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let facts = Facts {
            instance_id: clock::id(),
            agent_version: options.agent_version.clone(),
            capabilities: options.capabilities.clone(),
            timing: options.timing,
            random: rand::random::<f64>,
        };
        let machine = Machine::new(facts, Instant::now());
        Self {
            options,
            machine,
            dialing: None,
            socket: None,
            handling: None,
            configs,
            status,
            usage,
            stop,
            tasks,
            _lock: lock,
        }
    }

    /// Takes up what is on disk, so that an agent starts while the control plane is away.
    pub(crate) async fn restore(&mut self) {
        let (dir, identity) = (self.options.dir.clone(), self.options.identity.clone());
        let message = match blocking(move || dir.load_last(&identity)).await {
            Ok(Some(message)) => Arc::new(message),
            Ok(None) => return,
            Err(error) => {
                warn!(error = %error, "the last good document cannot be used; the control plane sends it again");
                return;
            }
        };
        let current = CurrentConfig::new(&message, true);
        let asked = self.ask(current.clone());
        let taken = tokio::select! {
            () = self.stop.cancelled() => return,
            taken = asked => taken.unwrap_or_else(|_| Err(Rejection::handler_failed("crashed over the document"))),
        };
        // What is taken away stays so, whatever the program says.
        let taken = if matches!(message.document, Document::Unavailable(_)) { Ok(()) } else { taken };
        if taken.is_ok() {
            self.configs.send_replace(Arc::new(AgentConfigState::Current(current)));
        }
        self.machine.restore(message, taken);
    }

    /// Runs until the agent is told to stop or is refused for good.
    pub(crate) async fn run(mut self) {
        if self.options.handler.is_some() {
            self.restore().await;
        }
        let mut inputs = VecDeque::from([Input::Start]);
        loop {
            while let Some(input) = inputs.pop_front() {
                self.machine.set_usage(*self.usage.borrow_and_update());
                for output in self.machine.step(Instant::now(), input) {
                    inputs.extend(self.perform(output).await);
                }
                self.show().await;
            }
            if self.machine.is_finished() {
                return;
            }
            inputs.push_back(self.next().await);
        }
    }

    /// Waits for the next thing that happens.
    async fn next(&mut self) -> Input {
        let deadline = self.machine.deadline();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => self.last_word().await,
            done = wait(self.handling.as_mut()) => {
                self.handling = None;
                Input::Handled(done.unwrap_or_else(|_| Err(Rejection::handler_failed("crashed over the document"))))
            }
            dialed = wait(self.dialing.as_mut()) => {
                self.dialing = None;
                match dialed {
                    Ok(socket) => {
                        self.socket = Some(socket);
                        Input::Opened
                    }
                    Err(failure) => Input::DialFailed(failure),
                }
            }
            received = receive(self.socket.as_mut()) => match received {
                Received::Message(Ok(message)) => Input::Frame(message),
                Received::Message(Err(error)) => Input::Unreadable(error),
                Received::Closed { code, why } => {
                    self.socket = None;
                    Input::Closed { code, why }
                }
            },
            () = sleep_until(deadline) => {
                // A dial that is still going on is over when the machine gets its tick.
                self.dialing = None;
                Input::Tick
            }
        }
    }

    /// What is left to do when told to stop. A document that the program takes while it stops is in use, so it must be
    /// on disk for the next start; one that it refuses now is refused because it stops, which is nobody's business.
    async fn last_word(&mut self) -> Input {
        match self.handling.take() {
            Some(handling) => match handling.await {
                Ok(Ok(())) => Input::Handled(Ok(())),
                Ok(Err(_)) | Err(_) => Input::Shutdown,
            },
            None => Input::Shutdown,
        }
    }

    /// Does one thing; what comes of it is the next input.
    async fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Dial => {
                let (url, identity) = (self.options.url.clone(), self.options.identity.clone());
                self.dialing = Some(Box::pin(socket::dial(url, identity)));
                None
            }
            Output::Send(message) => {
                let sent = self.socket.as_mut()?.send(message).await;
                self.broken(sent)
            }
            Output::Ping => {
                let sent = self.socket.as_mut()?.ping().await;
                self.broken(sent)
            }
            Output::Close { code, why } => {
                if let Some(mut socket) = self.socket.take() {
                    debug!(code, why, "closing the session");
                    socket.close(code, why).await;
                }
                None
            }
            Output::Handle(message) => {
                info!(version = message.version, state = message.document.state(), reason = %message.reason, "a document came");
                self.handling = Some(self.ask(CurrentConfig::new(&message, false)));
                None
            }
            Output::Persist(message) => {
                self.persist(message).await;
                None
            }
            Output::Wipe => {
                let dir = self.options.dir.clone();
                if let Err(error) = blocking(move || dir.forget_config()).await {
                    warn!(error = %error, "the last good document could not be removed; remove it by hand");
                }
                None
            }
            Output::Publish(state) => {
                self.configs.send_replace(Arc::new(state));
                None
            }
        }
    }

    /// After a failed send the socket is gone, and the machine hears of it.
    fn broken(&mut self, sent: Result<(), String>) -> Option<Input> {
        let why = sent.err()?;
        self.socket = None;
        Some(Input::Closed { code: None, why })
    }

    /// Asks the program, in a task of its own so that its crash is only a rejection.
    fn ask(&self, current: CurrentConfig) -> Handling {
        let handler = self.options.handler.clone();
        let limit = self.options.timing.handler;
        AbortOnDropHandle::new(self.tasks.spawn(async move {
            let Some(handler) = handler else { return Ok(()) };
            match tokio::time::timeout(limit, handler(Arc::new(current))).await {
                Ok(taken) => taken,
                Err(_) => Err(Rejection::handler_failed("did not answer in time")),
            }
        }))
    }

    async fn persist(&mut self, message: Arc<LlmConfigMessage>) {
        let (dir, identity) = (self.options.dir.clone(), self.options.identity.clone());
        let unavailable = matches!(message.document, Document::Unavailable(_));
        let saved = blocking(move || {
            let saved = dir.save_last(&identity, &message);
            // A key that may not be used any more must not stay, even when its successor cannot be written.
            if saved.is_err() && unavailable { dir.forget_config().and(saved) } else { saved }
        });
        if let Err(error) = saved.await {
            warn!(error = %error, "the document could not be stored; it is used, but not over a restart");
        }
    }

    /// Shows the machine's state to who watches, and to `reeve-agent status`.
    async fn show(&mut self) {
        let status = AgentStatus {
            did: self.options.identity.did().clone(),
            connection: connection(&self.machine.view()),
            running: self.machine.running().map(|message| message.version_hash()),
            rejected: self.machine.rejected().cloned(),
            last_error: self.machine.last_error().map(str::to_owned),
        };
        let changed = self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            if changed {
                shown.clone_from(&status);
            }
            changed
        });
        if !changed {
            return;
        }
        let dir = self.options.dir.clone();
        if let Err(error) = blocking(move || dir.save_status(status)).await {
            debug!(error = %error, "the status could not be stored");
        }
    }
}

fn connection(view: &View<'_>) -> Connection {
    match view {
        View::Connecting => Connection::Connecting,
        View::Pending { message } => Connection::Pending { message: (*message).to_owned() },
        View::Connected { welcome } => {
            Connection::Connected { session_id: welcome.session_id.to_string(), name: welcome.name.clone() }
        }
        View::Waiting { why, until } => {
            let left = until.saturating_duration_since(Instant::now());
            Connection::Waiting { why: (*why).to_owned(), until: clock::now() + left }
        }
        View::Refused { why } => Connection::Refused { why: (*why).to_owned() },
        View::Stopped => Connection::Stopped,
    }
}

/// Files are small, but a disk may be slow: not on the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AgentError> + Send + 'static,
) -> Result<T, AgentError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(AgentError::Crypto { doing: "working on a file: the task was stopped" }),
    }
}

/// The future's value; never, when there is no future.
async fn wait<F: Future + Unpin>(future: Option<&mut F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn receive(socket: Option<&mut Socket>) -> Received {
    match socket {
        Some(socket) => socket.receive().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
