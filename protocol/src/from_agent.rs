//! What an agent says to the control plane. None of it can widen what the checked credential allows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Empty, ErrorMessage, MAX_TEXT_BYTES, PROTOCOL_MAX, PROTOCOL_MIN, VersionHash};

crate::envelope::messages! {
    /// A message from an agent to the control plane.
    FromAgent {
        /// The first message of a session.
        "hello" => Hello(Hello),
        /// What became of a document.
        "llm_config_status" => LlmConfigStatus(LlmConfigStatus),
        /// I am here, and this is how I do. Answered with `pong`.
        "heartbeat" => Heartbeat(Heartbeat),
        /// The answer to the control plane's heartbeat.
        "pong" => Pong(Empty),
        /// Something the control plane said was not understood. Nothing to answer.
        "error" => Error(ErrorMessage),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    pub protocol: ProtocolRange,
    /// A UUIDv7, one per start of the agent.
    pub instance_id: Uuid,
    pub agent_version: String,
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What the agent runs. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<VersionHash>,
    /// What it last refused, unless it has applied something since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<VersionHash>,
}

/// The protocol versions that one end speaks, both ends of the range included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProtocolRange {
    pub min: u32,
    pub max: u32,
}

impl ProtocolRange {
    /// What this build speaks.
    pub const OURS: Self = Self { min: PROTOCOL_MIN, max: PROTOCOL_MAX };

    /// The newest version that both ends speak.
    pub fn common(self, other: Self) -> Option<u32> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    Applied,
    Rejected,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmConfigStatus {
    pub status: StatusKind,
    pub version: i64,
    pub hash: String,
    /// Why it was refused: stable, kebab-case. See [`code`](crate::code); an embedding program has its own as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people, at most 1 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The field that was the reason, such as `config.model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// After a rejection: what runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<VersionHash>,
}

impl LlmConfigStatus {
    /// The document is in use.
    pub fn applied(document: VersionHash) -> Self {
        let VersionHash { version, hash } = document;
        Self {
            status: StatusKind::Applied,
            version,
            hash,
            code: None,
            message: None,
            field: None,
            running: None,
        }
    }

    /// The document is refused and `running` stays in use; the message is cut to [`MAX_TEXT_BYTES`].
    pub fn rejected(
        document: VersionHash,
        code: impl Into<String>,
        message: impl AsRef<str>,
        field: Option<String>,
        running: Option<VersionHash>,
    ) -> Self {
        Self {
            status: StatusKind::Rejected,
            code: Some(code.into()),
            message: Some(crate::decode::cut(message.as_ref(), MAX_TEXT_BYTES)),
            field,
            running,
            ..Self::applied(document)
        }
    }

    pub fn version_hash(&self) -> VersionHash {
        VersionHash { version: self.version, hash: self.hash.clone() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Seconds since the agent started.
    pub uptime_seconds: u64,
    /// What the agent's program uses right now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_llm: Option<ActiveLlm>,
    /// Since the agent started, as far as its program counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_usage: Option<TokenUsage>,
    /// What the agent runs. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<VersionHash>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveLlm {
    pub provider: String,
    pub model: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::ProtocolRange;

    #[test]
    fn the_newest_common_version_is_chosen() {
        let range = |min, max| ProtocolRange { min, max };
        assert_eq!(range(1, 3).common(range(2, 5)), Some(3));
        assert_eq!(range(1, 1).common(range(1, 1)), Some(1));
        assert_eq!(range(1, 1).common(range(2, 2)), None);
        assert_eq!(range(3, 1).common(range(1, 9)), None);
    }
}
