//! Agents: status, config mode, session.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::ids::{EnrollmentTokenId, ModelId, RealmId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, Serialize, Deserialize, utoipa::ToSchema)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// Waits for an admin.
    Pending,
    Approved,
    Rejected,
    /// Cut off for good.
    Revoked,
}

impl AgentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }
}

/// How an agent gets its LLM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, Serialize, Deserialize, utoipa::ToSchema)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ConfigMode {
    /// Through the fleet.
    Realm,
    /// An admin typed it.
    Manual,
    /// Its own environment.
    Env,
}

/// What an admin typed for manual mode, without the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualConfig {
    pub provider: String,
    pub model: String,
    pub base_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    pub did: String,
    pub name: String,
    pub status: AgentStatus,
    pub status_reason: Option<String>,
    pub mode: ConfigMode,
    /// Chosen realm and model; `None`: by rule.
    pub realm_id: Option<RealmId>,
    pub model_id: Option<ModelId>,
    pub manual_config: Option<ManualConfig>,
    pub manual_generation: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub approved_at: Option<DateTime<Utc>>,
}

/// Membership of an agent in a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub realm_id: RealmId,
    pub did: String,
    pub is_primary: bool,
    pub joined_at: DateTime<Utc>,
}

/// How far an agent is with the document it should have now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, Serialize, utoipa::ToSchema)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    Applied,
    Pending,
    Rejected,
    /// Not connected: it gets the newest document when it comes back.
    Offline,
}

/// What is known of an agent's session. All `None` before the first one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentSession {
    pub epoch: i64,
    pub replica_id: Option<Uuid>,
    pub connected_at: Option<DateTime<Utc>>,
    pub disconnected_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub agent_version: Option<String>,
    pub offered_version: i64,
    pub offered_hash: Option<String>,
    pub offered_realm_id: Option<RealmId>,
    pub offered_model_id: Option<ModelId>,
    pub offered_at: Option<DateTime<Utc>>,
    pub applied_version: Option<i64>,
    pub applied_hash: Option<String>,
    pub applied_key_generation: Option<i64>,
    pub applied_at: Option<DateTime<Utc>>,
    pub rejected_version: Option<i64>,
    pub rejected_hash: Option<String>,
    pub rejected_code: Option<String>,
    pub rejected_message: Option<String>,
    pub rejected_field: Option<String>,
    pub rejected_at: Option<DateTime<Utc>>,
    pub retry_asked: bool,
}

impl AgentSession {
    /// How far the agent is; `wanted` is the hash of its document.
    pub fn state(&self, wanted: &str) -> AgentState {
        if self.replica_id.is_none() {
            AgentState::Offline
        } else if self.applied_hash.as_deref() == Some(wanted) {
            AgentState::Applied
        } else if self.rejected_hash.as_deref() == Some(wanted) && !self.retry_asked {
            AgentState::Rejected
        } else {
            AgentState::Pending
        }
    }
}

/// An enrolment token as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollmentToken {
    pub id: EnrollmentTokenId,
    pub fingerprint: String,
    pub realm_ids: Vec<Uuid>,
    pub max_uses: i32,
    pub uses: i32,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}
