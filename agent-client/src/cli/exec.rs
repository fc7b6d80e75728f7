//! `reeve-agent exec`: waits for a config, runs a command with it, and tells the control plane what it really uses.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use reeve_agent::protocol::{Detail, Document};
use reeve_agent::{AgentStatus, Connection, CurrentConfig, Rejection, environment, reachable};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::child::Running;
use super::exit::{Failure, NO_CONFIG, OTHER, REVOKED};
use super::feed::{Answer, Event, Feed};
use super::{Place, print};

/// How long the document on disk waits for a word of the control plane before it is used.
const FRESH: Duration = Duration::from_secs(3);
/// After `welcome` a newer document follows at once; after this long, what is on disk is the newest.
const SETTLE: Duration = Duration::from_millis(250);

#[derive(Args)]
pub struct Exec {
    /// Stop the command and start it anew when what it uses changes. Without this it keeps what it was started with, and
    /// the control plane is told so.
    #[arg(long)]
    restart_on_change: bool,
    /// How long to wait for a config before giving up with exit code 7.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// How long the command may take to end after SIGTERM, before a restart kills it.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    stop_timeout: u64,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

pub async fn exec(place: &Place, command: Exec) -> Result<u8, Failure> {
    let (options, identity, dir) = place.agent()?;
    let mut signals = signals()?;
    let mut feed = Feed::start(options, identity, dir);
    let ended = Supervisor::new(command).run(&mut feed.events, &mut signals).await;
    feed.stop().await;
    ended
}

struct Supervisor {
    command: Exec,
    child: Option<Running>,
    /// On disk, to be used if nothing newer comes soon.
    candidate: Option<Arc<CurrentConfig>>,
    use_candidate_at: Instant,
    /// When to give up, while nothing has been started yet.
    give_up_at: Option<Instant>,
    /// Why the control plane cannot be asked, while it cannot.
    away: Option<String>,
    /// Why nothing may be used, as the control plane said it.
    unavailable: Option<String>,
}

impl Supervisor {
    fn new(command: Exec) -> Self {
        let now = Instant::now();
        let wait = Duration::from_secs(command.wait.min(365 * 24 * 3600));
        Self {
            child: None,
            candidate: None,
            use_candidate_at: now + FRESH.min(wait),
            give_up_at: Some(now + wait),
            away: Some("the control plane has not answered yet".to_owned()),
            unavailable: None,
            command,
        }
    }

    async fn run(
        mut self,
        events: &mut mpsc::Receiver<Event>,
        signals: &mut mpsc::Receiver<Signal>,
    ) -> Result<u8, Failure> {
        loop {
            let candidate_at = self.candidate.is_some().then_some(self.use_candidate_at);
            tokio::select! {
                biased;
                code = ended(self.child.as_mut()) => return Ok(code),
                Some(signal) = signals.recv() => match &self.child {
                    Some(child) => child.signal(signal),
                    None => return Ok(u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX)),
                },
                () = at(candidate_at) => self.start_candidate().await?,
                Some(event) = events.recv() => self.event(event).await?,
                () = at(self.give_up_at) => {
                    let text = format!("no config within {} s: {}", self.command.wait, self.why());
                    return Err(Failure::new(NO_CONFIG, text));
                }
            }
        }
    }

    async fn event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Document { current, answer } => self.document(current, answer).await,
            Event::Status(status) => self.status(status).await,
            Event::Following { pid } => {
                tracing::info!(pid, "another process holds the session; its documents are used");
                Ok(())
            }
            Event::Revoked => self.revoked().await,
            Event::Failed(error) if self.child.is_some() => {
                print::say(&format!("changes are not seen any more: {error}"));
                Ok(())
            }
            Event::Failed(error) => Err(error.into()),
        }
    }

    async fn document(&mut self, current: Arc<CurrentConfig>, answer: Answer) -> Result<(), Failure> {
        self.candidate = None;
        if let Document::Unavailable(detail) = &current.document {
            self.unavailable(detail).await;
            answer.give(Ok(()));
            return Ok(());
        }
        self.unavailable = None;
        let environment = environment(&current.document);
        match self.child.take() {
            None if current.from_disk => self.candidate = Some(current),
            None => self.start(&current).await?,
            Some(child) if environment.as_ref().is_some_and(|e| child.has(e)) => self.child = Some(child),
            Some(child) if self.command.restart_on_change => {
                print::say(&format!("version {} came: the command is started anew", current.version));
                child.stop(self.patience()).await;
                self.start(&current).await?;
            }
            Some(child) => {
                let text = format!(
                    "version {} came; the command goes on with version {} (--restart-on-change would start it anew)",
                    current.version, child.version
                );
                print::say(&text);
                self.child = Some(child);
                answer.give(Err(Rejection::new("restart-needed", text)));
                return Ok(());
            }
        }
        answer.give(Ok(()));
        Ok(())
    }

    async fn unavailable(&mut self, detail: &Detail) {
        let why = format!("{} ({})", detail.message, detail.code);
        match self.child.take() {
            Some(child) if self.command.restart_on_change => {
                print::say(&format!("{why}: the command is stopped until there is a config again"));
                child.stop(self.patience()).await;
            }
            Some(child) => {
                print::say(&format!("{why}: the command's key is refused from now on"));
                self.child = Some(child);
            }
            None => {}
        }
        self.unavailable = Some(why);
    }

    async fn status(&mut self, status: AgentStatus) -> Result<(), Failure> {
        match status.connection {
            // Nobody there: what is on disk is the best there is.
            Connection::Waiting { why, .. } => {
                self.away = Some(why);
                self.start_candidate().await?;
            }
            Connection::Connected { .. } => {
                self.use_candidate_at = self.use_candidate_at.min(Instant::now() + SETTLE);
                self.away = None;
            }
            Connection::Pending { message } => {
                let why = format!("an admin must approve this agent first: {message}");
                if self.away.as_ref() != Some(&why) {
                    print::say(&why);
                    self.away = Some(why);
                }
            }
            Connection::Connecting | Connection::Refused { .. } | Connection::Stopped => {}
        }
        Ok(())
    }

    async fn revoked(&mut self) -> Result<(), Failure> {
        match self.child.take() {
            Some(child) if !self.command.restart_on_change => {
                print::say("this agent was revoked: the command's key is refused from now on");
                self.child = Some(child);
                Ok(())
            }
            child => {
                if let Some(child) = child {
                    child.stop(self.patience()).await;
                }
                Err(Failure::new(REVOKED, "this agent was revoked"))
            }
        }
    }

    async fn start_candidate(&mut self) -> Result<(), Failure> {
        match self.candidate.take() {
            Some(current) => self.start(&current).await,
            None => Ok(()),
        }
    }

    async fn start(&mut self, current: &CurrentConfig) -> Result<(), Failure> {
        let started_with = environment(&reachable(&current.document).await);
        if let (Some(asked), Some(environment)) = (environment(&current.document), started_with) {
            let version = current.version;
            self.child = Some(Running::start(&self.command.command, asked, environment, version)?);
            self.give_up_at = None;
        }
        Ok(())
    }

    /// Why there is nothing to start with.
    fn why(&self) -> String {
        match (&self.unavailable, &self.away) {
            (Some(unavailable), Some(away)) => format!("{unavailable}; {away}"),
            (Some(why), None) | (None, Some(why)) => why.clone(),
            (None, None) => "the control plane has sent none".to_owned(),
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.command.stop_timeout)
    }
}

async fn ended(child: Option<&mut Running>) -> u8 {
    match child {
        Some(child) => child.ended().await,
        None => std::future::pending().await,
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// The signals that are passed on. What a terminal's keys send reaches the command by itself, as it is in the same
/// process group: passing it on would deliver it twice, and many programs take a second Ctrl-C for "at once".
fn signals() -> Result<mpsc::Receiver<Signal>, Failure> {
    let (sender, receiver) = mpsc::channel(8);
    let passed = [
        (SignalKind::interrupt(), Signal::INT),
        (SignalKind::quit(), Signal::QUIT),
        (SignalKind::terminate(), Signal::TERM),
        (SignalKind::hangup(), Signal::HUP),
        (SignalKind::user_defined1(), Signal::USR1),
        (SignalKind::user_defined2(), Signal::USR2),
    ];
    let terminal = std::io::stdin().is_terminal();
    let tasks = tokio_util::task::TaskTracker::new();
    for (kind, passed) in passed {
        let mut received = signal(kind)
            .map_err(|error| Failure::new(OTHER, format!("signals cannot be received: {error}")))?;
        let sender = sender.clone();
        let from_keys = terminal && (passed == Signal::INT || passed == Signal::QUIT);
        tasks.spawn(async move {
            while received.recv().await.is_some() {
                if !from_keys && sender.send(passed).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
