//! What the control plane says to an agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AgentDid, LlmConfigMessage, MAX_TEXT_BYTES};

crate::envelope::messages! {
    /// A message from the control plane to an agent.
    ToAgent {
        /// The answer to `hello`: the session is a full one.
        "welcome" => Welcome(Welcome),
        /// The whole document for this agent.
        "llm_config" => LlmConfig(LlmConfigMessage),
        /// Are you there? Answered with `pong`.
        "heartbeat" => Heartbeat(Empty),
        /// The answer to the agent's heartbeat.
        "pong" => Pong(Empty),
        /// An admin has not yet approved the agent; stay.
        "registration_pending" => RegistrationPending(RegistrationPending),
        /// The agent is approved; the session goes on as a full one.
        "registration_approved" => RegistrationApproved(RegistrationApproved),
        /// The agent is refused; do not come back.
        "registration_rejected" => RegistrationRejected(RegistrationRejected),
        /// Go, and come back later.
        "goaway" => Goaway(Goaway),
        /// Wipe the keys and do not come back.
        "revoked" => Revoked(Revoked),
        /// Something the agent said was not understood. Nothing to answer.
        "error" => Error(ErrorMessage),
    }
}

/// A payload without fields: `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Empty {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The protocol version of this session.
    pub protocol: u32,
    pub session_id: Uuid,
    /// Raised with every session of the agent; a late word from an older one is told by it.
    pub epoch: i64,
    /// Seconds between heartbeats, both ways.
    pub heartbeat_seconds: u32,
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Who the agent is, by its checked credential.
    pub did: AgentDid,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationPending {
    /// For people.
    #[serde(default)]
    pub message: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationApproved {
    /// Slugs of the realms that the agent is now in.
    #[serde(default)]
    pub realms: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationRejected {
    /// For people.
    #[serde(default)]
    pub reason: String,
}

/// Come back after `retry_after_ms` plus a random part of `spread_ms`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Goaway {
    pub retry_after_ms: u64,
    #[serde(default)]
    pub spread_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Says that a message was not understood. Never answered, so that two ends cannot loop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMessage {
    /// Stable, kebab-case; see [`code`](crate::code).
    pub code: String,
    /// For people, at most 1 KiB.
    #[serde(default)]
    pub message: String,
}

impl ErrorMessage {
    /// An error; the message is cut to [`MAX_TEXT_BYTES`].
    pub fn new(code: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self { code: code.into(), message: crate::decode::cut(message.as_ref(), MAX_TEXT_BYTES) }
    }
}
