//! One batch of marked agents: one snapshot, a document for each, one statement that records the offers, the mailboxes, and
//! one statement that records who needs nothing. What an agent is told depends on the snapshot alone, not on which replica or
//! path led here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use reeve_protocol::{Envelope, ToAgent};

use super::marks::Mark;
use crate::{
    domain::{agent::AgentStatus, error::Result},
    push::{
        Inner,
        compile::{Compiled, compile_agent},
        hub::Entry,
        session::{Frame, Offered, Verdict, mailbox::Seen},
    },
    store::{
        documents::{AgentInput, Inputs},
        sessions::{self, Looked, Offer, Report},
    },
};

/// A document to be offered.
struct Wanted<'a> {
    entry: Arc<Entry>,
    mark: &'a Mark,
    compiled: Compiled,
}

/// Serves these agents. Returns those who must be served again, from a newer snapshot.
pub(super) async fn serve(push: &Inner, marks: &[(Arc<str>, Mark)]) -> Result<HashSet<String>> {
    let present: Vec<(Arc<Entry>, &Mark)> =
        marks.iter().filter_map(|(did, mark)| push.hub.get(did).map(|entry| (entry, mark))).collect();
    if present.is_empty() {
        return Ok(HashSet::new());
    }
    let dids: Vec<String> = present.iter().map(|(entry, _)| entry.did.to_string()).collect();
    let inputs = push.store.document_inputs(&dids).await?;
    let agents: HashMap<&str, &AgentInput> =
        inputs.agents.iter().map(|input| (input.agent.did.as_str(), input)).collect();

    let (mut wanted, mut fine) = (Vec::new(), Vec::new());
    for (entry, mark) in present {
        let Some(input) = agents.get(entry.did.as_ref()) else {
            entry.mailbox.decide(Verdict::Revoked(None));
            continue;
        };
        push.hub.set_realms(&entry.did, &input.realms);
        match look(push, &inputs, input, &entry) {
            Some(Look::Wanted(compiled)) => wanted.push(Wanted { entry, mark, compiled }),
            Some(Look::Fine(hash)) => {
                fine.push(Looked { did: entry.did.to_string(), epoch: entry.epoch, hash });
            }
            None => {}
        }
    }
    let again = offer(push, wanted).await?;
    if !fine.is_empty() {
        sessions::looked(&mut *push.store.conn().await?, &fine, inputs.revision).await?;
    }
    push.signals.progress.notify_waiters();
    Ok(again)
}

/// What an agent that may be told something needs.
enum Look {
    /// This document.
    Wanted(Compiled),
    /// Nothing: it has or has refused the one with this hash.
    Fine(String),
}

/// What is to be done about one agent; `None`: it is to be told something else, or has not said hello yet.
fn look(push: &Inner, inputs: &Inputs, input: &AgentInput, entry: &Arc<Entry>) -> Option<Look> {
    let seen = entry.mailbox.seen();
    let reason = input.agent.status_reason.clone();
    match input.agent.status {
        AgentStatus::Revoked => {
            entry.mailbox.decide(Verdict::Revoked(reason));
        }
        AgentStatus::Rejected => {
            entry.mailbox.decide(Verdict::Rejected(reason.unwrap_or_default()));
        }
        _ if input.session.epoch > entry.epoch => push.give_way(entry),
        AgentStatus::Pending => {}
        AgentStatus::Approved if seen.pending => {
            let slugs = input.realms.iter().filter_map(|id| inputs.realms.get(id)).map(|r| r.slug.clone());
            entry.mailbox.decide(Verdict::Approved(slugs.collect()));
        }
        AgentStatus::Approved => {
            let compiled = compile_agent(inputs, input);
            if seen.wants(&compiled.message.hash, input.session.retry_asked) {
                return Some(Look::Wanted(compiled));
            }
            tell_generation(push, input, entry, &seen, &compiled);
            if seen.full {
                return Some(Look::Fine(compiled.message.hash));
            }
        }
    }
    None
}

/// An agent that came back with a document names its hash only; here it is known which key generation that has, and
/// rotation waits for it.
fn tell_generation(push: &Inner, input: &AgentInput, entry: &Entry, seen: &Seen, compiled: &Compiled) {
    let hash = compiled.message.hash.as_str();
    let generation = compiled.key_generation();
    let session = &input.session;
    let is_known =
        session.applied_hash.as_deref() == Some(hash) && session.applied_key_generation == generation;
    if seen.settled && seen.current.as_deref() == Some(hash) && seen.rejected.is_none() && !is_known {
        let version = session.applied_version.filter(|_| session.applied_hash.as_deref() == Some(hash));
        let report = Report {
            did: entry.did.to_string(),
            epoch: entry.epoch,
            seen_at: push.store.clock.now(),
            agent_version: None,
            applied: Some((version.unwrap_or(compiled.message.version), hash.to_owned(), generation)),
            rejected: None,
        };
        push.acks.report(&entry.did, report);
    }
}

async fn offer(push: &Inner, wanted: Vec<Wanted<'_>>) -> Result<HashSet<String>> {
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    let offers: Vec<Offer> = wanted
        .iter()
        .map(|w| Offer {
            did: w.entry.did.to_string(),
            version: w.compiled.message.version,
            hash: w.compiled.message.hash.clone(),
            realm_id: w.compiled.realm_id,
            model_id: w.compiled.model_id,
        })
        .collect();
    let mut conn = push.store.conn().await?;
    let recorded = sessions::offer(&mut conn, &offers, push.store.clock.now()).await?;
    drop(conn);
    let recorded: HashSet<String> = recorded.into_iter().collect();

    let mut again = HashSet::new();
    // Agents of one realm have the same document: it is written once and its bytes are shared.
    let mut shared: HashMap<(String, &'static str), Arc<Offered>> = HashMap::new();
    for Wanted { entry, mark, compiled } in wanted {
        if !recorded.contains(entry.did.as_ref()) {
            again.insert(entry.did.to_string());
            continue;
        }
        let same = (compiled.message.hash.clone(), mark.reason);
        let document = match shared.get(&same) {
            Some(document) if document.changed_at == mark.changed_at => Arc::clone(document),
            _ => {
                let Some(document) = write(push, compiled, mark) else { continue };
                shared.insert(same, Arc::clone(&document));
                document
            }
        };
        entry.mailbox.put(document);
    }
    Ok(again)
}

/// The frame. `None`, with an error in the log, when it would be larger than a message may be.
fn write(push: &Inner, compiled: Compiled, mark: &Mark) -> Option<Arc<Offered>> {
    let key_generation = compiled.key_generation();
    let mut message = compiled.message;
    mark.reason.clone_into(&mut message.reason);
    let (version, hash) = (message.version, Arc::from(message.hash.as_str()));
    let state = message.document.state();
    let envelope =
        Envelope::new(push.store.ids.uuid().to_string(), push.store.clock.now(), ToAgent::LlmConfig(message));
    match envelope.encode() {
        Ok(text) => Some(Arc::new(Offered {
            version,
            hash,
            state,
            reason: mark.reason,
            key_generation,
            frame: Frame(text.into()),
            changed_at: mark.changed_at,
        })),
        Err(error) => {
            tracing::error!(error = %error, "a document could not be written");
            None
        }
    }
}
