//! The emergency stop.

use chrono::{DateTime, Utc};

/// What can be frozen.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    sqlx::Type,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum FreezeKind {
    /// Its keys are blocked everywhere.
    Realm,
    /// It is offered nothing; its own keys are blocked, those that it shares are replaced.
    Agent,
    /// Nobody may use it.
    Model,
    /// All our keys on it are blocked, and agents are sent elsewhere.
    Proxy,
}

impl FreezeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Realm => "realm",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Proxy => "proxy",
        }
    }
}

/// A thing that is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    pub kind: FreezeKind,
    /// Its id; an agent's DID.
    pub object_id: String,
    /// Agents are told.
    pub reason: String,
    pub frozen_at: DateTime<Utc>,
    pub frozen_by: String,
}
