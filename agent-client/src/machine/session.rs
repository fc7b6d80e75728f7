//! The open session: what is said first, what each message of the control plane leads to, and how it ends.

use std::time::Duration;

use reeve_protocol::{
    ActiveLlm, DecodeError, Empty, ErrorMessage, FromAgent, Goaway, Heartbeat, Hello, Message as _,
    PROTOCOL_MAX, PROTOCOL_MIN, ProtocolRange, ToAgent, close_code, code,
};
use tokio::time::Instant;

use super::{DialFailure, LONGEST_RETRY_AFTER, Machine, Open, Output, Phase};
use crate::{RejectedDocument, Rejection};

impl Machine {
    pub(super) fn opened(&mut self, now: Instant, out: &mut Vec<Output>) {
        if !matches!(self.phase, Phase::Dialing { .. }) {
            return out.push(Output::Close { code: close_code::NORMAL, why: "too late" });
        }
        let open = Open {
            greeted_by: now + self.facts.timing.dial,
            healthy_since: None,
            welcome: None,
            pending: None,
            next_beat: now + Duration::from_secs(reeve_protocol::DEFAULT_HEARTBEAT_SECONDS.into()),
            unanswered: 0,
        };
        self.phase = Phase::Open(open);
        out.push(Output::Send(FromAgent::Hello(Hello {
            protocol: ProtocolRange::OURS,
            instance_id: self.facts.instance_id,
            agent_version: self.facts.agent_version.clone(),
            capabilities: self.facts.capabilities.clone(),
            applied: self.documents.running().map(|message| message.version_hash()),
            rejected: self.documents.rejected().map(RejectedDocument::version_hash),
        })));
    }

    pub(super) fn dial_failed(&mut self, now: Instant, failure: DialFailure, out: &mut Vec<Output>) {
        if !matches!(self.phase, Phase::Dialing { .. }) {
            return;
        }
        let (why, retry_after) = match failure {
            DialFailure::Refused { problem, .. }
                if matches!(&*problem.code, "agent-revoked" | "agent-rejected") =>
            {
                return self.refused_for_good(problem.to_string(), out);
            }
            DialFailure::Refused { problem, retry_after } => (problem.to_string(), retry_after),
            DialFailure::Unreachable(why) => (why, None),
        };
        // `Retry-After` is the least; the jitter on top keeps a fleet from coming back in the same second.
        let delay = retry_after.map(|wait| wait.min(LONGEST_RETRY_AFTER) + self.backoff.next());
        self.lost(now, why, delay);
    }

    pub(super) fn frame(&mut self, now: Instant, message: ToAgent, out: &mut Vec<Output>) {
        let Phase::Open(open) = &mut self.phase else { return };
        open.unanswered = 0;
        match message {
            ToAgent::Welcome(welcome) => {
                if !(PROTOCOL_MIN..=PROTOCOL_MAX).contains(&welcome.protocol) {
                    return self.leave(
                        now,
                        "the control plane chose a protocol version that is not spoken here",
                        out,
                    );
                }
                open.healthy_since.get_or_insert(now);
                open.welcome = Some(welcome);
                open.next_beat = now + open.beat();
                self.last_error = None;
            }
            ToAgent::RegistrationPending(pending) => {
                open.healthy_since.get_or_insert(now);
                open.pending = Some(pending.message);
            }
            ToAgent::RegistrationApproved(_) => {
                open.healthy_since.get_or_insert(now);
                open.pending = None;
            }
            ToAgent::RegistrationRejected(rejected) => {
                let why = format!("the registration was refused: {}", rejected.reason);
                out.push(Output::Close { code: close_code::NORMAL, why: "the registration was refused" });
                self.refused_for_good(why, out);
            }
            ToAgent::LlmConfig(message) => {
                open.healthy_since.get_or_insert(now);
                open.pending = None;
                let mut effects = Vec::new();
                self.documents.offered(message, &mut effects);
                self.apply(effects, out);
            }
            ToAgent::Heartbeat(_) => out.push(Output::Send(FromAgent::Pong(Empty {}))),
            ToAgent::Pong(_) => {}
            ToAgent::Goaway(goaway) => self.go_away(now, goaway, out),
            ToAgent::Revoked(revoked) => {
                out.push(Output::Close { code: close_code::NORMAL, why: "the agent was revoked" });
                self.refused_for_good(revoked_text(revoked.reason.as_deref()), out);
            }
            // Never answered, so that two ends cannot loop.
            ToAgent::Error(error) => {
                self.last_error = Some(format!("the control plane says {}: {}", error.code, error.message));
            }
            unknown @ ToAgent::Unknown { .. } => {
                let text = format!("`{}` is not a type that this agent knows", unknown.kind());
                out.push(Output::Send(FromAgent::Error(ErrorMessage::new(code::UNKNOWN_TYPE, text))));
            }
        }
    }

    pub(super) fn unreadable(&mut self, error: &DecodeError, out: &mut Vec<Output>) {
        let Phase::Open(open) = &mut self.phase else { return };
        open.unanswered = 0;
        self.last_error = Some(error.to_string());
        // A document that cannot be read is refused by name, so that the control plane can show who refused what.
        if let DecodeError::BadPayload { field, document: Some(document), .. } = error {
            let rejection = Rejection::new(code::BAD_DOCUMENT, error.to_string()).at(field.clone());
            let mut effects = Vec::new();
            self.documents.refuse(document.clone(), rejection, &mut effects);
            self.apply(effects, out);
        } else {
            out.push(Output::Send(FromAgent::Error(ErrorMessage::new(error.code(), error.to_string()))));
        }
    }

    pub(super) fn closed(&mut self, now: Instant, code: Option<u16>, why: String, out: &mut Vec<Output>) {
        if !matches!(self.phase, Phase::Open(_)) {
            return;
        }
        match code {
            Some(close_code::REVOKED) => self.refused_for_good(revoked_text(Some(&why)), out),
            Some(close_code::SUPERSEDED) => {
                let delay = self.backoff.at_the_end();
                let why = "superseded: another process connected with this identity".to_owned();
                self.lost(now, why, Some(delay));
            }
            Some(close_code::UNSUPPORTED_VERSION) => {
                let delay = self.backoff.at_the_end();
                let why = "the control plane speaks no protocol version of this agent; update it".to_owned();
                self.lost(now, why, Some(delay));
            }
            _ => self.lost(now, why, None),
        }
    }

    fn go_away(&mut self, now: Instant, goaway: Goaway, out: &mut Vec<Output>) {
        let spread = Duration::from_millis(goaway.spread_ms).min(LONGEST_RETRY_AFTER);
        let least = Duration::from_millis(goaway.retry_after_ms).min(LONGEST_RETRY_AFTER);
        let delay = least + self.backoff.part_of(spread);
        out.push(Output::Close { code: close_code::NORMAL, why: "as told by goaway" });
        self.lost(now, "the control plane asked to come back later".to_owned(), Some(delay));
    }

    pub(super) fn heartbeat(&self, now: Instant) -> Heartbeat {
        let running = self.documents.running();
        let config = running.and_then(|message| message.document.config());
        Heartbeat {
            uptime_seconds: now.duration_since(self.started).as_secs(),
            active_llm: config
                .map(|config| ActiveLlm { provider: config.provider.clone(), model: config.model.clone() }),
            token_usage: self.usage,
            applied: running.map(|message| message.version_hash()),
        }
    }
}

fn revoked_text(reason: Option<&str>) -> String {
    match reason {
        Some(reason) if !reason.is_empty() => format!("the agent was revoked: {reason}"),
        _ => "the agent was revoked".to_owned(),
    }
}
