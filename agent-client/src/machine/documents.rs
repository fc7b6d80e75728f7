//! What becomes of a document: taken, refused, or overtaken by a newer one. Pure; called by the machine only.

use std::sync::Arc;

use reeve_protocol::{Document, LlmConfigMessage, LlmConfigStatus, VersionHash, code};

use crate::{AgentConfigState, CurrentConfig, RejectedDocument, Rejection};

/// What to do about a document.
#[derive(Debug)]
pub(super) enum Effect {
    Handle(Arc<LlmConfigMessage>),
    Persist(Arc<LlmConfigMessage>),
    Publish(AgentConfigState),
    Report(LlmConfigStatus),
}

#[derive(Debug, Default)]
pub(super) struct Documents {
    /// What is in use.
    running: Option<Arc<LlmConfigMessage>>,
    /// What was last refused, unless something was applied since.
    rejected: Option<RejectedDocument>,
    /// What the program is looking at.
    applying: Option<Arc<LlmConfigMessage>>,
    /// The right to what the program is looking at was taken away meanwhile: its answer no longer counts.
    withdrawn: bool,
    /// The newest document that came meanwhile: one place, so that an older one is dropped.
    next: Option<Arc<LlmConfigMessage>>,
}

impl Documents {
    pub(super) fn running(&self) -> Option<&Arc<LlmConfigMessage>> {
        self.running.as_ref()
    }

    pub(super) fn rejected(&self) -> Option<&RejectedDocument> {
        self.rejected.as_ref()
    }

    pub(super) fn restore(&mut self, message: Arc<LlmConfigMessage>, taken: Result<(), Rejection>) {
        match taken {
            Ok(()) => self.running = Some(message),
            Err(rejection) => self.rejected = Some(rejection.of(message.version_hash())),
        }
    }

    /// A document came.
    pub(super) fn offered(&mut self, message: LlmConfigMessage, effects: &mut Vec<Effect>) {
        let name = message.version_hash();
        if !message.hash_matches() {
            let text = "the hash is not the one of the document that came with it";
            return self.refuse(name, Rejection::new(code::HASH_MISMATCH, text).at("hash"), effects);
        }
        let newest =
            [&self.running, &self.applying, &self.next].into_iter().flatten().map(|m| m.version).max();
        if let Some(newest) = newest.filter(|newest| message.version < *newest) {
            let text = format!(
                "version {} is lower than {newest}, which came before; if the control plane was set up anew, enrol \
                 this agent again",
                message.version
            );
            return self.refuse(name, Rejection::new(code::VERSION_REGRESSED, text).at("version"), effects);
        }
        let message = Arc::new(message);
        if self.applying.as_ref().is_some_and(|applying| applying.hash == message.hash) {
            // The program is looking at it; the status follows when it has. What waited behind it is overtaken.
            self.next = None;
            self.withdrawn = false;
            self.applying = Some(message);
            return;
        }
        if self.applying.is_none()
            && self.running.as_ref().is_some_and(|running| running.hash == message.hash)
        {
            // The same content, perhaps under a newer version: nothing for the program to do.
            return self.take(message, true, effects);
        }
        if matches!(message.document, Document::Unavailable(_)) {
            // The key is dropped before the program is asked: it has no say in this.
            self.running = Some(Arc::clone(&message));
            effects.push(Effect::Publish(AgentConfigState::Current(CurrentConfig::new(&message, false))));
            effects.push(Effect::Persist(Arc::clone(&message)));
            self.withdrawn = self.applying.is_some();
        }
        if self.applying.is_some() {
            self.next = Some(message);
        } else {
            self.ask(message, effects);
        }
    }

    /// The program has looked at what it was given.
    pub(super) fn handled(&mut self, result: Result<(), Rejection>, effects: &mut Vec<Effect>) {
        let Some(message) = self.applying.take() else { return };
        let next = self.next.take();
        let unavailable = matches!(message.document, Document::Unavailable(_));
        match result {
            _ if self.withdrawn => {}
            Err(rejection) if !unavailable => {
                if next.is_none() {
                    self.refuse(message.version_hash(), rejection, effects);
                }
            }
            // A newer one is here: this one runs for now, and only the newer one is reported.
            _ => self.take(message, next.is_none(), effects),
        }
        if let Some(next) = next {
            self.ask(next, effects);
        }
    }

    /// Refuses a document; what runs stays in use.
    pub(super) fn refuse(&mut self, name: VersionHash, rejection: Rejection, effects: &mut Vec<Effect>) {
        let rejected = rejection.of(name.clone());
        effects.push(Effect::Report(LlmConfigStatus::rejected(
            name,
            rejected.code.clone(),
            &rejected.message,
            rejected.field.clone(),
            self.running.as_ref().map(|running| running.version_hash()),
        )));
        self.rejected = Some(rejected);
    }

    fn ask(&mut self, message: Arc<LlmConfigMessage>, effects: &mut Vec<Effect>) {
        self.withdrawn = false;
        self.applying = Some(Arc::clone(&message));
        effects.push(Effect::Handle(message));
    }

    fn take(&mut self, message: Arc<LlmConfigMessage>, report: bool, effects: &mut Vec<Effect>) {
        let name = message.version_hash();
        if self.running.as_ref().is_none_or(|running| running.version_hash() != name) {
            effects.push(Effect::Persist(Arc::clone(&message)));
            effects.push(Effect::Publish(AgentConfigState::Current(CurrentConfig::new(&message, false))));
        }
        if report {
            effects.push(Effect::Report(LlmConfigStatus::applied(name)));
        }
        self.rejected = None;
        self.running = Some(message);
    }
}
