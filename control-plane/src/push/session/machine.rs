//! The session of one agent as a pure machine: an input goes in, outputs come out, and nothing else happens. It holds
//! the rules of the protocol (1 to 10); `task` calls it and carries out what it says.

use std::{sync::Arc, time::Instant};

use reeve_protocol::{
    DecodeError, Empty, Envelope, ErrorMessage, FromAgent, Goaway, Heartbeat as Beats, Hello,
    LlmConfigStatus, Message as _, ProtocolRange, RegistrationApproved, RegistrationPending,
    RegistrationRejected, Revoked, StatusKind, ToAgent, VersionHash, Welcome, close_code, code,
};

use super::{
    Facts, Offered, Timing, Verdict,
    heartbeat::{Beat, Heartbeat},
};
use crate::store::sessions::Rejection;

/// The longest hash, code, field and version text that is kept of what an agent says, in bytes.
const MAX_WORD: usize = 256;

pub(super) enum Input<'a> {
    /// A text message came.
    Text(&'a str),
    /// A binary message came.
    Binary,
    /// A WebSocket ping or pong came.
    Alive,
    /// A document for this agent, recorded as offered.
    Document(Arc<Offered>),
    Verdict(Verdict),
    /// This replica stops.
    Shutdown(Goaway),
    /// Time passed: at the latest at [`Machine::deadline`].
    Tick,
}

#[derive(Debug)]
pub(super) enum Output {
    Send(ToAgent),
    Document(Arc<Offered>),
    /// A WebSocket ping.
    Ping,
    /// To be stored.
    Report(Said),
    /// The agent may need a document: look.
    Look,
    /// The last output: say goodbye and end.
    Close {
        code: u16,
        why: &'static str,
    },
}

/// What an agent said, cleaned and cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub agent_version: Option<String>,
    /// What it runs: version, hash, key generation when known.
    pub applied: Option<(i64, String, Option<i64>)>,
    pub rejected: Option<Rejection>,
    /// It answered a document that was outstanding.
    pub answered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waits for `hello`.
    Opened,
    /// Waits for an admin.
    Pending,
    Full,
    Ended,
}

/// A document that the agent has not answered.
#[derive(Debug)]
struct Outstanding {
    document: Arc<Offered>,
    due: Instant,
    /// It was sent a second time: the session is stale.
    resent: bool,
}

#[derive(Debug)]
pub(super) struct Machine {
    facts: Facts,
    timing: Timing,
    phase: Phase,
    /// The version that both ends speak, once `hello` came.
    protocol: u32,
    hello_by: Instant,
    heartbeat: Heartbeat,
    /// What the agent says it runs.
    running: Option<VersionHash>,
    /// Hash it refused, until it applies another.
    rejected: Option<String>,
    outstanding: Option<Outstanding>,
}

impl Machine {
    pub fn new(facts: Facts, timing: Timing, now: Instant) -> Self {
        let heartbeat = Heartbeat::new(timing.heartbeat, now);
        Self {
            facts,
            timing,
            phase: Phase::Opened,
            protocol: reeve_protocol::PROTOCOL_MAX,
            hello_by: now + timing.hello,
            heartbeat,
            running: None,
            rejected: None,
            outstanding: None,
        }
    }

    /// Documents may be offered.
    pub fn is_full(&self) -> bool {
        self.phase == Phase::Full
    }

    /// It waits for approval, before or after `hello`.
    pub fn is_pending(&self) -> bool {
        self.facts.pending
    }

    /// A document was sent twice without a word.
    pub fn is_stale(&self) -> bool {
        self.outstanding.as_ref().is_some_and(|o| o.resent)
    }

    /// Hash of what the agent has or is about to have: what a wanted hash is compared with.
    pub fn current(&self) -> Option<&str> {
        match &self.outstanding {
            Some(outstanding) => Some(&outstanding.document.hash),
            None => self.running.as_ref().map(|r| r.hash.as_str()),
        }
    }

    /// Nothing is on its way: [`Self::current`] is what the agent runs.
    pub fn is_settled(&self) -> bool {
        self.outstanding.is_none()
    }

    pub fn rejected(&self) -> Option<&str> {
        self.rejected.as_deref()
    }

    /// When to tick at the latest.
    pub fn deadline(&self) -> Instant {
        let mut at = self.heartbeat.next();
        if self.phase == Phase::Opened {
            at = at.min(self.hello_by);
        }
        if let Some(outstanding) = &self.outstanding {
            at = at.min(outstanding.due);
        }
        at
    }

    pub fn step(&mut self, now: Instant, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        if self.phase == Phase::Ended {
            return out;
        }
        match input {
            Input::Text(text) => {
                self.heartbeat.heard();
                match Envelope::<FromAgent>::decode(text) {
                    Ok(envelope) => self.message(envelope.message, &mut out),
                    Err(error) => self.unreadable(&error, &mut out),
                }
            }
            Input::Binary => {
                self.heartbeat.heard();
                let error = ErrorMessage::new(code::BAD_ENVELOPE, "messages are text, not binary");
                out.push(Output::Send(ToAgent::Error(error)));
            }
            Input::Alive => self.heartbeat.heard(),
            Input::Document(document) => self.document(now, document, &mut out),
            Input::Verdict(verdict) => self.verdict(verdict, &mut out),
            Input::Shutdown(goaway) => {
                out.push(Output::Send(ToAgent::Goaway(goaway)));
                self.close(close_code::GOING_AWAY, "this replica stops", &mut out);
            }
            Input::Tick => self.tick(now, &mut out),
        }
        out
    }

    fn close(&mut self, code: u16, why: &'static str, out: &mut Vec<Output>) {
        self.phase = Phase::Ended;
        self.outstanding = None;
        out.push(Output::Close { code, why });
    }

    fn unreadable(&mut self, error: &DecodeError, out: &mut Vec<Output>) {
        if matches!(error, DecodeError::TooLarge { .. }) {
            return self.close(close_code::TOO_BIG, "the message is too large", out);
        }
        out.push(Output::Send(ToAgent::Error(ErrorMessage::new(error.code(), error.to_string()))));
    }

    fn message(&mut self, message: FromAgent, out: &mut Vec<Output>) {
        match (self.phase, message) {
            (_, unknown @ FromAgent::Unknown { .. }) => {
                let text = format!("`{}` is not a type of this protocol", unknown.kind());
                out.push(Output::Send(ToAgent::Error(ErrorMessage::new(code::UNKNOWN_TYPE, text))));
            }
            (Phase::Opened, FromAgent::Hello(hello)) => self.hello(&hello, out),
            (Phase::Opened, _) => self.close(close_code::PROTOCOL_ERROR, "expected hello first", out),
            (_, FromAgent::Hello(_)) => self.close(close_code::PROTOCOL_ERROR, "hello came twice", out),
            (_, FromAgent::Heartbeat(beat)) => self.beat(&beat, out),
            (Phase::Full, FromAgent::LlmConfigStatus(status)) => self.status(&status, out),
            // A pending agent was sent no document; the rest needs no answer.
            (_, FromAgent::LlmConfigStatus(_) | FromAgent::Pong(_) | FromAgent::Error(_)) => {}
        }
    }

    fn hello(&mut self, hello: &Hello, out: &mut Vec<Output>) {
        let Some(version) = ProtocolRange::OURS.common(hello.protocol) else {
            let why = "no protocol version is spoken by both ends";
            return self.close(close_code::UNSUPPORTED_VERSION, why, out);
        };
        self.protocol = version;
        self.running = hello.applied.as_ref().map(cleaned);
        self.rejected = hello.rejected.as_ref().map(|r| clean(&r.hash));
        out.push(Output::Report(Said {
            agent_version: Some(clean(&hello.agent_version)),
            applied: self.running.clone().map(|r| (r.version, r.hash, None)),
            ..Said::default()
        }));
        if self.facts.pending {
            self.phase = Phase::Pending;
            let message = "An admin must approve this agent.".to_owned();
            out.push(Output::Send(ToAgent::RegistrationPending(RegistrationPending { message })));
        } else {
            self.phase = Phase::Full;
            self.welcome(out);
        }
        // Also for a pending agent: it may have been decided upon since its credential was checked.
        out.push(Output::Look);
    }

    fn welcome(&self, out: &mut Vec<Output>) {
        out.push(Output::Send(ToAgent::Welcome(Welcome {
            protocol: self.protocol,
            session_id: self.facts.session_id,
            epoch: self.facts.epoch,
            heartbeat_seconds: u32::try_from(self.timing.heartbeat.as_secs()).unwrap_or(u32::MAX).max(1),
            capabilities: Vec::new(),
            did: self.facts.did.clone(),
            name: self.facts.name.clone(),
        })));
    }

    fn beat(&mut self, beat: &Beats, out: &mut Vec<Output>) {
        out.push(Output::Send(ToAgent::Pong(Empty {})));
        let mut said = Said::default();
        // While a document is on its way, what the agent runs is old news, unless it is that document.
        let told = beat.applied.as_ref().map(cleaned);
        let is_outstanding = |told: &VersionHash| self.current() == Some(told.hash.as_str());
        if self.phase == Phase::Full && (self.is_settled() || told.as_ref().is_some_and(is_outstanding)) {
            let known = self.running.as_ref().map(|r| &r.hash);
            if told.as_ref().map(|t| &t.hash) != known {
                let answered = self.outstanding.take();
                said = applied(told.as_ref(), answered.as_ref());
                if told.is_some() {
                    self.rejected = None;
                }
                self.running = told;
                out.push(Output::Look);
            }
        }
        out.push(Output::Report(said));
    }

    fn status(&mut self, status: &LlmConfigStatus, out: &mut Vec<Output>) {
        let document = cleaned(&status.version_hash());
        let answered = self.outstanding.take_if(|o| *o.document.hash == *document.hash);
        let before = (self.running.clone(), self.rejected.clone());
        let said = match status.status {
            StatusKind::Applied => {
                self.running = Some(document.clone());
                self.rejected = None;
                applied(Some(&document), answered.as_ref())
            }
            StatusKind::Rejected => {
                if let Some(running) = &status.running {
                    self.running = Some(cleaned(running));
                }
                self.rejected = Some(document.hash.clone());
                Said {
                    applied: status.running.as_ref().map(cleaned).map(|r| (r.version, r.hash, None)),
                    rejected: Some(Rejection {
                        version: document.version,
                        hash: document.hash,
                        code: clean(status.code.as_deref().unwrap_or("rejected")),
                        message: clean_to(
                            status.message.as_deref().unwrap_or_default(),
                            reeve_protocol::MAX_TEXT_BYTES,
                        ),
                        field: status.field.as_deref().map(clean),
                    }),
                    answered: answered.is_some(),
                    agent_version: None,
                }
            }
        };
        if answered.is_some() || before != (self.running.clone(), self.rejected.clone()) {
            out.push(Output::Report(said));
            let refusal = before.1.is_some() || self.rejected.is_some();
            if self.is_settled() && (answered.is_none() || refusal) {
                // It runs something else than it was last known to, or what was held back because it had refused it
                // may be due now. The usual answer needs no second look.
                out.push(Output::Look);
            }
        }
    }

    /// Sends iff the agent does not have it. One is outstanding at a time; a newer one supersedes it.
    fn document(&mut self, now: Instant, document: Arc<Offered>, out: &mut Vec<Output>) {
        if self.phase != Phase::Full || self.current() == Some(&*document.hash) {
            return;
        }
        // Back to what it runs, while another one is on its way: that must be taken back too.
        self.outstanding = Some(Outstanding {
            document: Arc::clone(&document),
            due: now + self.timing.status,
            resent: false,
        });
        out.push(Output::Document(document));
    }

    fn verdict(&mut self, verdict: Verdict, out: &mut Vec<Output>) {
        match verdict {
            Verdict::Approved(realms) => {
                self.facts.pending = false;
                if self.phase == Phase::Pending {
                    self.phase = Phase::Full;
                    let approved = RegistrationApproved { realms };
                    out.push(Output::Send(ToAgent::RegistrationApproved(approved)));
                    self.welcome(out);
                    out.push(Output::Look);
                }
            }
            Verdict::Rejected(reason) => {
                out.push(Output::Send(ToAgent::RegistrationRejected(RegistrationRejected { reason })));
                self.close(close_code::REVOKED, "the registration was rejected", out);
            }
            Verdict::Revoked(reason) => {
                out.push(Output::Send(ToAgent::Revoked(Revoked { reason })));
                self.close(close_code::REVOKED, "revoked", out);
            }
            Verdict::Superseded => self.close(close_code::SUPERSEDED, "superseded", out),
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.phase == Phase::Opened && now >= self.hello_by {
            return self.close(close_code::PROTOCOL_ERROR, "no hello in time", out);
        }
        if let Some(outstanding) = &mut self.outstanding
            && now >= outstanding.due
        {
            if outstanding.resent {
                return self.close(close_code::TIMEOUT, "a document was not answered", out);
            }
            outstanding.resent = true;
            outstanding.due = now + self.timing.status;
            out.push(Output::Document(Arc::clone(&outstanding.document)));
        }
        match self.heartbeat.tick(now) {
            Beat::NotYet => {}
            Beat::Send => {
                out.push(Output::Send(ToAgent::Heartbeat(Empty {})));
                out.push(Output::Ping);
            }
            Beat::Dead => self.close(close_code::TIMEOUT, "no heartbeat was answered", out),
        }
    }
}

/// What an agent runs, with the key generation when it is the document that was just sent.
fn applied(running: Option<&VersionHash>, answered: Option<&Outstanding>) -> Said {
    let generation = answered.and_then(|a| a.document.key_generation);
    Said {
        applied: running.map(|r| (r.version, r.hash.clone(), generation)),
        answered: answered.is_some(),
        ..Said::default()
    }
}

fn cleaned(said: &VersionHash) -> VersionHash {
    VersionHash { version: said.version, hash: clean(&said.hash) }
}

fn clean(text: &str) -> String {
    clean_to(text, MAX_WORD)
}

/// What an agent writes ends in the database and on people's screens: no control characters (Postgres refuses NUL),
/// and not more than `max` bytes.
fn clean_to(text: &str, max: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text[..text.floor_char_boundary(max)].to_owned()
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
