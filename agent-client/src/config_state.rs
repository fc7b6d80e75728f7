//! What the agent may use, as it is handed to the program.

use reeve_protocol::{Document, LlmConfig, LlmConfigMessage, VersionHash};

/// What the agent may use right now.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AgentConfigState {
    /// Nothing has come yet, and nothing is on disk.
    #[default]
    Waiting,
    Current(CurrentConfig),
    /// The control plane revoked this agent. What it had is wiped, and the agent has stopped.
    Revoked,
}

impl AgentConfigState {
    /// The config, when there is one to use.
    pub fn config(&self) -> Option<&LlmConfig> {
        match self {
            Self::Current(current) => current.document.config(),
            Self::Waiting | Self::Revoked => None,
        }
    }

    /// The document in force, if there is one.
    pub fn current(&self) -> Option<&CurrentConfig> {
        match self {
            Self::Current(current) => Some(current),
            Self::Waiting | Self::Revoked => None,
        }
    }
}

/// A document with its version.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentConfig {
    pub version: i64,
    pub hash: String,
    pub document: Document,
    /// It was read from disk at the start, not received in this run. The control plane sends nothing when it is still
    /// the wanted one.
    pub from_disk: bool,
}

impl CurrentConfig {
    pub(crate) fn new(message: &LlmConfigMessage, from_disk: bool) -> Self {
        let VersionHash { version, hash } = message.version_hash();
        Self { version, hash, document: message.document.clone(), from_disk }
    }
}
