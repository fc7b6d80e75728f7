//! One agent's session: a pure machine that decides, a dumb socket, a task that carries between them.

mod heartbeat;
mod machine;
pub(super) mod mailbox;
pub(super) mod task;
pub(super) mod transport;

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use reeve_protocol::AgentDid;
use uuid::Uuid;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// From the open socket to `hello`.
    pub hello: Duration,
    /// Between heartbeats, both ways.
    pub heartbeat: Duration,
    /// From a document to the agent's word on it; the second time, the socket is closed.
    pub status: Duration,
}

/// Whose session it is, by the checked credential.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub did: AgentDid,
    pub name: String,
    pub session_id: Uuid,
    pub epoch: i64,
    /// Waits for an admin's approval.
    pub pending: bool,
}

/// A document ready to be sent, recorded as offered. Agents with the same document share it.
#[derive(Debug)]
pub(super) struct Offered {
    pub version: i64,
    pub hash: Arc<str>,
    pub state: &'static str,
    pub reason: &'static str,
    /// Of the key inside.
    pub key_generation: Option<i64>,
    /// The frame, with a secret in it: never logged.
    pub frame: Frame,
    /// When the change was made that led to it; `None` on connect.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The text of a message. Debug shows nothing of it.
pub(super) struct Frame(pub Utf8Bytes);

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[frame]")
    }
}

/// What was decided about an agent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The registration was approved; the slugs of its realms.
    Approved(Vec<String>),
    Rejected(String),
    /// Revoked or gone.
    Revoked(Option<String>),
    /// A newer session of the same agent took over.
    Superseded,
}
