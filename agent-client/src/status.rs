//! How the agent does: what people and programs ask for when something is not as it should be. Holds no secret; it is
//! also written to the state directory, for `reeve-agent status`.

use chrono::{DateTime, Utc};
use reeve_protocol::{AgentDid, VersionHash};
use serde::{Deserialize, Serialize};

/// The agent's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    pub did: AgentDid,
    pub connection: Connection,
    /// What is in use.
    pub running: Option<VersionHash>,
    /// What was last refused, unless something was applied since.
    pub rejected: Option<RejectedDocument>,
    /// The last thing that went wrong, kept while the session is not healthy.
    pub last_error: Option<String>,
}

/// Where the session stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Connection {
    /// Dialling, or waiting for the control plane's first word.
    Connecting,
    /// An admin has not approved the agent yet.
    Pending { message: String },
    /// A full session.
    Connected { session_id: String, name: String },
    /// Away from the control plane, and coming back by itself at about `until`.
    Waiting { why: String, until: DateTime<Utc> },
    /// The agent was revoked, or its registration refused; it does not come back.
    Refused { why: String },
    /// It was told to stop.
    Stopped,
}

/// A document that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedDocument {
    pub version: i64,
    pub hash: String,
    pub code: String,
    pub message: String,
    pub field: Option<String>,
}

impl RejectedDocument {
    pub fn version_hash(&self) -> VersionHash {
        VersionHash { version: self.version, hash: self.hash.clone() }
    }
}

/// [`AgentStatus`] as it is written to disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedStatus {
    /// The process that held the session.
    pub pid: u32,
    pub updated_at: DateTime<Utc>,
    #[serde(flatten)]
    pub status: AgentStatus,
}
