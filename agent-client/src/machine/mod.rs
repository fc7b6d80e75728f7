//! The session as a pure machine: it is given what happened and when, and says what to do. No I/O, no clock, no tasks,
//! so that every rule of the protocol has a plain test. [`crate::driver`] is the only caller.
//!
//! `documents` decides what becomes of a document and `session` what each message leads to; this file decides when to
//! dial, beat, leave and come back.

mod documents;
#[cfg(test)]
mod properties;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use reeve_protocol::{
    DecodeError, FromAgent, LlmConfigMessage, MISSED_HEARTBEATS, ToAgent, TokenUsage, Welcome, close_code,
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::{AgentConfigState, Problem, RejectedDocument, Rejection, Timing};
use documents::{Documents, Effect};

/// A control plane that says to stay away for longer is asked again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// What happened.
#[derive(Debug)]
pub(crate) enum Input {
    Start,
    /// The deadline has passed.
    Tick,
    Opened,
    DialFailed(DialFailure),
    Frame(ToAgent),
    Unreadable(DecodeError),
    /// The socket ended: by a close frame (its code), or without one.
    Closed {
        code: Option<u16>,
        why: String,
    },
    /// The program has taken or refused the document of the last [`Output::Handle`].
    Handled(Result<(), Rejection>),
    Shutdown,
}

/// Why there is no socket.
#[derive(Debug)]
pub(crate) enum DialFailure {
    /// The control plane answered, but not with a socket.
    Refused {
        problem: Problem,
        retry_after: Option<Duration>,
    },
    Unreachable(String),
}

/// What to do. In the order given; none of it may be left out.
#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    Dial,
    Send(FromAgent),
    Ping,
    /// Close the socket and forget it; no [`Input::Closed`] follows.
    Close {
        code: u16,
        why: &'static str,
    },
    Handle(Arc<LlmConfigMessage>),
    Persist(Arc<LlmConfigMessage>),
    Wipe,
    Publish(AgentConfigState),
}

#[derive(Debug)]
enum Phase {
    Idle,
    Waiting { until: Instant, why: String },
    Dialing { give_up: Instant },
    Open(Open),
    Finished { why: Option<String> },
}

#[derive(Debug)]
struct Open {
    /// By when the first word must be there.
    greeted_by: Instant,
    /// Since when the control plane has treated us as its agent.
    healthy_since: Option<Instant>,
    welcome: Option<Welcome>,
    /// Given while an admin has not approved us.
    pending: Option<String>,
    next_beat: Instant,
    unanswered: u32,
}

/// What stays the same over all sessions of one start.
#[derive(Debug)]
pub(crate) struct Facts {
    pub instance_id: Uuid,
    pub agent_version: String,
    pub capabilities: Vec<String>,
    pub timing: Timing,
    /// A number from 0 up to 1.
    pub random: fn() -> f64,
}

#[derive(Debug)]
pub(crate) struct Machine {
    facts: Facts,
    started: Instant,
    phase: Phase,
    backoff: Backoff,
    documents: Documents,
    usage: Option<TokenUsage>,
    last_error: Option<String>,
}

impl Machine {
    pub(crate) fn new(facts: Facts, now: Instant) -> Self {
        let backoff = Backoff::new(facts.timing, facts.random);
        Self {
            facts,
            started: now,
            phase: Phase::Idle,
            backoff,
            documents: Documents::default(),
            usage: None,
            last_error: None,
        }
    }

    /// What was read from disk and taken (or refused) by the program, before [`Input::Start`].
    pub(crate) fn restore(&mut self, message: Arc<LlmConfigMessage>, taken: Result<(), Rejection>) {
        self.documents.restore(message, taken);
    }

    pub(crate) fn set_usage(&mut self, usage: Option<TokenUsage>) {
        self.usage = usage;
    }

    /// When [`Input::Tick`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Dialing { give_up } => Some(*give_up),
            Phase::Open(open) if open.healthy_since.is_none() => Some(open.greeted_by.min(open.next_beat)),
            Phase::Open(open) => Some(open.next_beat),
            Phase::Idle | Phase::Finished { .. } => None,
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished { .. })
    }

    /// Where the connection stands, for the status.
    pub(crate) fn view(&self) -> View<'_> {
        match &self.phase {
            Phase::Waiting { until, why } => View::Waiting { why, until: *until },
            Phase::Open(Open { pending: Some(message), .. }) => View::Pending { message },
            Phase::Open(Open { welcome: Some(welcome), .. }) => View::Connected { welcome },
            // Also when it is approved, before the welcome.
            Phase::Idle | Phase::Dialing { .. } | Phase::Open(_) => View::Connecting,
            Phase::Finished { why: Some(why) } => View::Refused { why },
            Phase::Finished { why: None } => View::Stopped,
        }
    }

    pub(crate) fn running(&self) -> Option<&Arc<LlmConfigMessage>> {
        self.documents.running()
    }

    pub(crate) fn rejected(&self) -> Option<&RejectedDocument> {
        self.documents.rejected()
    }

    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Takes one input and says what to do.
    pub(crate) fn step(&mut self, now: Instant, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            _ if self.is_finished() => {}
            Input::Start => self.dial(now, &mut out),
            Input::Tick => self.tick(now, &mut out),
            Input::Opened => self.opened(now, &mut out),
            Input::DialFailed(failure) => self.dial_failed(now, failure, &mut out),
            Input::Frame(message) => self.frame(now, message, &mut out),
            Input::Unreadable(error) => self.unreadable(&error, &mut out),
            Input::Closed { code, why } => self.closed(now, code, why, &mut out),
            Input::Handled(result) => {
                let mut effects = Vec::new();
                self.documents.handled(result, &mut effects);
                self.apply(effects, &mut out);
            }
            Input::Shutdown => {
                if matches!(self.phase, Phase::Open(_)) {
                    out.push(Output::Close { code: close_code::NORMAL, why: "the agent stops" });
                }
                self.phase = Phase::Finished { why: None };
            }
        }
        out
    }

    fn dial(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.phase = Phase::Dialing { give_up: now + self.facts.timing.dial };
        out.push(Output::Dial);
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.phase {
            Phase::Waiting { .. } => self.dial(now, out),
            // The driver drops what it was dialling when it is told to dial anew.
            Phase::Dialing { .. } => {
                self.lost(now, "the control plane did not answer in time".to_owned(), None);
            }
            Phase::Open(open) if open.healthy_since.is_none() && now >= open.greeted_by => {
                self.leave(now, "the control plane did not welcome the agent in time", out);
            }
            Phase::Open(open) if open.unanswered >= MISSED_HEARTBEATS => {
                self.leave(now, "the control plane answered no heartbeat", out);
            }
            Phase::Open(open) => {
                open.unanswered += 1;
                open.next_beat = now + open.beat();
                out.push(Output::Send(FromAgent::Heartbeat(self.heartbeat(now))));
                out.push(Output::Ping);
            }
            Phase::Idle | Phase::Finished { .. } => {}
        }
    }

    fn leave(&mut self, now: Instant, why: &'static str, out: &mut Vec<Output>) {
        out.push(Output::Close { code: close_code::TIMEOUT, why });
        self.lost(now, why.to_owned(), None);
    }

    /// Waits before the next dial: `delay`, or what the backoff says.
    fn lost(&mut self, now: Instant, why: String, delay: Option<Duration>) {
        if let Phase::Open(Open { healthy_since: Some(since), .. }) = &self.phase
            && now.duration_since(*since) >= self.facts.timing.healthy_after
        {
            self.backoff.reset();
        }
        let delay = delay.unwrap_or_else(|| self.backoff.next());
        self.last_error = Some(why.clone());
        self.phase = Phase::Waiting { until: now + delay, why };
    }

    fn refused_for_good(&mut self, why: String, out: &mut Vec<Output>) {
        self.documents = Documents::default();
        self.last_error = Some(why.clone());
        self.phase = Phase::Finished { why: Some(why) };
        out.extend([Output::Publish(AgentConfigState::Revoked), Output::Wipe]);
    }

    fn apply(&self, effects: Vec<Effect>, out: &mut Vec<Output>) {
        let open = matches!(self.phase, Phase::Open(_));
        out.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Handle(message) => Some(Output::Handle(message)),
            Effect::Persist(message) => Some(Output::Persist(message)),
            Effect::Publish(state) => Some(Output::Publish(state)),
            // Without a session there is nobody to tell; the next `hello` says the same.
            Effect::Report(status) => open.then(|| Output::Send(FromAgent::LlmConfigStatus(status))),
        }));
    }
}

impl Open {
    fn beat(&self) -> Duration {
        let seconds =
            self.welcome.as_ref().map_or(reeve_protocol::DEFAULT_HEARTBEAT_SECONDS, |w| w.heartbeat_seconds);
        Duration::from_secs(seconds.clamp(1, 300).into())
    }
}

/// Where the connection stands.
#[derive(Debug)]
pub(crate) enum View<'a> {
    Connecting,
    Pending { message: &'a str },
    Connected { welcome: &'a Welcome },
    Waiting { why: &'a str, until: Instant },
    Refused { why: &'a str },
    Stopped,
}
