//! Runs one session: frames to the machine, what the machine says to the socket, the store's batches and the relay.
//! It holds the session's place in the hub and gives it back at the end, also when it panics.

use std::{sync::Arc, time::Instant};

use axum::extract::ws::WebSocket;
use reeve_protocol::{Envelope, ToAgent, close_code};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::{
    Facts, Offered,
    machine::{Input, Machine, Output, Said},
    transport::{Received, Transport},
};
use crate::{
    push::{Inner, hub::Entry, session::mailbox::Mailbox},
    store::sessions::Report,
};

/// A session that was let in.
pub(in crate::push) struct Session {
    pub facts: Facts,
    pub place: Place,
    /// Room among those that wait for approval, given back when that is decided.
    pub pending_room: Option<OwnedSemaphorePermit>,
}

/// Room for one session, and its epoch. Dropped, it leaves the hub and says that the session ended.
pub(in crate::push) struct Place {
    push: Arc<Inner>,
    entry: Arc<Entry>,
    _room: OwnedSemaphorePermit,
}

impl Place {
    pub fn new(push: &Arc<Inner>, did: &str, epoch: i64, room: OwnedSemaphorePermit) -> Self {
        metrics::gauge!("reeve_sessions").increment(1.0);
        let entry = Arc::new(Entry { did: did.into(), epoch, mailbox: Mailbox::default() });
        Self { push: Arc::clone(push), entry, _room: room }
    }

    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.push.hub.leave(&self.entry);
        self.push.acks.ended(&self.entry.did, self.entry.epoch);
        metrics::gauge!("reeve_sessions").decrement(1.0);
    }
}

/// How a session ended, for the closing line.
#[derive(Clone, Copy)]
struct End {
    /// Ours, or the agent's when it closed.
    code: Option<u16>,
    why: &'static str,
}

const GONE: End = End { code: None, why: "the agent went away" };
const TOO_BIG: End = End { code: Some(close_code::TOO_BIG), why: "the message is too large" };
const NOBODY_READS: End = End { code: None, why: "the agent does not read" };

struct Running {
    push: Arc<Inner>,
    entry: Arc<Entry>,
    machine: Machine,
    transport: Transport,
    documents_sent: u32,
    /// When the document that is outstanding was sent.
    sent_at: Option<Instant>,
    /// Counted in the gauge of stale documents.
    stale: bool,
}

impl Session {
    /// Runs to the end.
    pub async fn run(self, socket: WebSocket, stop: CancellationToken) {
        let Self { facts, place, pending_room } = self;
        let started = Instant::now();
        metrics::counter!("reeve_sessions_opened_total").increment(1);
        let mut running = Running {
            machine: Machine::new(facts.clone(), place.push.options.timing(), started),
            push: Arc::clone(&place.push),
            entry: Arc::clone(&place.entry),
            transport: Transport::new(socket),
            documents_sent: 0,
            sent_at: None,
            stale: false,
        };
        let end = running.run(pending_room, stop).await;
        running.set_stale(false);
        // The place goes before the goodbye, which may take a while.
        drop(place);
        if let Some(code) = end.code {
            running.transport.close(code, end.why).await;
        }
        metrics::counter!("reeve_sessions_closed_total", "reason" => end.why).increment(1);
        tracing::info!(
            agent.did = %facts.did,
            session.id = %facts.session_id,
            session.epoch = facts.epoch,
            close.code = end.code,
            close.reason = end.why,
            documents.sent = running.documents_sent,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "session"
        );
    }
}

enum Event {
    Received(Received),
    Mail,
    Tick,
    Stop,
}

impl Running {
    async fn run(&mut self, mut pending_room: Option<OwnedSemaphorePermit>, stop: CancellationToken) -> End {
        let entry = Arc::clone(&self.entry);
        let mailbox = &entry.mailbox;
        mailbox.show(&self.machine);
        loop {
            if !self.machine.is_pending() {
                drop(pending_room.take());
            }
            let event = tokio::select! {
                received = self.transport.receive() => Event::Received(received),
                () = mailbox.changed() => Event::Mail,
                () = tokio::time::sleep_until(self.machine.deadline().into()) => Event::Tick,
                () = stop.cancelled() => Event::Stop,
            };
            let end = match event {
                Event::Received(Received::Text(text)) => self.step(Input::Text(&text)).await,
                Event::Received(Received::Binary) => self.step(Input::Binary).await,
                Event::Received(Received::Alive) => self.step(Input::Alive).await,
                Event::Received(Received::TooBig) => Some(TOO_BIG),
                Event::Received(Received::Gone) => Some(GONE),
                Event::Tick => self.step(Input::Tick).await,
                Event::Stop => self.step(Input::Shutdown(self.push.goaway())).await,
                Event::Mail => {
                    let (verdict, document) = mailbox.take();
                    let mut end = None;
                    if let Some(verdict) = verdict {
                        end = self.step(Input::Verdict(verdict)).await;
                    }
                    match document {
                        Some(document) if end.is_none() => self.step(Input::Document(document)).await,
                        _ => end,
                    }
                }
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// One step of the machine, and everything it says. `Some` when the session is over.
    async fn step(&mut self, input: Input<'_>) -> Option<End> {
        let outputs = self.machine.step(Instant::now(), input);
        // Before anything else, so that the relay never acts on what was.
        self.entry.mailbox.show(&self.machine);
        self.set_stale(self.machine.is_stale());
        // And asked for before a send lets others run, so that it is served as what it is, not as whatever came meanwhile.
        if outputs.iter().any(|output| matches!(output, Output::Look)) {
            self.push.hub.ask(&self.entry.did);
        }
        for output in outputs {
            let taken = match output {
                Output::Send(message) => self.send(message).await,
                Output::Document(document) => self.send_document(&document).await,
                Output::Ping => self.transport.ping().await,
                Output::Report(said) => {
                    self.report(said);
                    true
                }
                Output::Look => true,
                Output::Close { code, why } => return Some(End { code: Some(code), why }),
            };
            if !taken {
                return Some(NOBODY_READS);
            }
        }
        None
    }

    async fn send(&mut self, message: ToAgent) -> bool {
        let store = &self.push.store;
        let envelope = Envelope::new(store.ids.uuid().to_string(), store.clock.now(), message);
        match envelope.encode() {
            Ok(text) => self.transport.send(text.into()).await,
            Err(error) => {
                tracing::error!(error = %error, "a message could not be written");
                false
            }
        }
    }

    async fn send_document(&mut self, document: &Offered) -> bool {
        if !self.transport.send(document.frame.0.clone()).await {
            return false;
        }
        self.documents_sent += 1;
        self.sent_at = Some(Instant::now());
        tracing::debug!(
            agent.did = %self.entry.did,
            document.version = document.version,
            document.hash = %document.hash,
            "document sent"
        );
        let labels = [("state", document.state), ("reason", document.reason)];
        metrics::counter!("reeve_documents_sent_total", &labels).increment(1);
        if let Some(changed_at) = document.changed_at
            && !self.machine.is_stale()
        {
            let delay = self.push.store.clock.now() - changed_at;
            metrics::histogram!("reeve_push_delay_seconds").record(delay.as_seconds_f64().max(0.0));
        }
        true
    }

    fn report(&mut self, said: Said) {
        if said.answered {
            let status = if said.rejected.is_some() { "rejected" } else { "applied" };
            metrics::counter!("reeve_documents_answered_total", "status" => status).increment(1);
            if let Some(sent_at) = self.sent_at.take() {
                let took = sent_at.elapsed();
                metrics::histogram!("reeve_apply_delay_seconds").record(took.as_secs_f64());
                self.push.signals.pulse.pushed(took);
            }
        }
        let report = Report {
            did: self.entry.did.to_string(),
            epoch: self.entry.epoch,
            seen_at: self.push.store.clock.now(),
            agent_version: said.agent_version,
            applied: said.applied,
            rejected: said.rejected,
        };
        self.push.acks.report(&self.entry.did, report);
    }

    fn set_stale(&mut self, stale: bool) {
        if stale != self.stale {
            self.stale = stale;
            metrics::gauge!("reeve_documents_stale").increment(if stale { 1.0 } else { -1.0 });
        }
    }
}
