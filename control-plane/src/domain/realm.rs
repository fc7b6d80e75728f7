//! Realms and their virtual keys.

use chrono::{DateTime, Utc};

use super::placement::Placement;
use crate::base::ids::{KeyId, ModelId, RealmId};

/// A tenant group.
#[derive(Clone, Debug, PartialEq)]
pub struct Realm {
    pub id: RealmId,
    /// Unique and immutable: part of the key alias.
    pub slug: String,
    pub name: String,
    pub description: String,
    pub is_default: bool,
    pub default_model_id: Option<ModelId>,
    /// US dollars a month, pooled over all its agents.
    pub monthly_budget_usd: Option<f64>,
    pub placement: Placement,
    pub key_scope: KeyScope,
    /// Days after which a key is replaced by itself; `None`: never.
    pub key_max_age_days: Option<i32>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Whom a virtual key belongs to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    sqlx::Type,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum KeyScope {
    /// All agents of the realm share one.
    #[default]
    Realm,
    /// Each agent has its own, so that one can be cut off without touching the rest.
    Agent,
}

impl KeyScope {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Realm => "realm",
            Self::Agent => "agent",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, serde::Serialize, utoipa::ToSchema)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Delivered to agents.
    Current,
    /// Still valid until they have the next one, or its time is up.
    Retiring,
    /// Taken over from a proxy: somebody outside has it, and it has the realm's rights until it is removed.
    Adopted,
    /// Blocked; forgotten when every proxy was proven to refuse it.
    Closing,
}

/// One generation of a realm's virtual key, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmKey {
    pub id: KeyId,
    pub realm_id: RealmId,
    /// The agent that it belongs to; `None`: the realm's agents share it.
    pub did: Option<String>,
    pub generation: i64,
    /// SHA-256 (hex) of the plaintext: its name on every proxy.
    pub token: String,
    pub fingerprint: String,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
    pub retire_after: Option<DateTime<Utc>>,
}
