//! Proxies of the fleet, as the registry knows them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::enforcement::{CheckResult, EnforcementPolicy};
use crate::base::ids::ProxyId;

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    sqlx::Type,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ProxyStatus {
    /// Not probed yet.
    Unknown,
    Ready,
    Unreachable,
    /// It answers, but cannot be managed; the reason says why.
    Unsupported,
}

impl ProxyStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Unreachable => "unreachable",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What an admin wants with a proxy.
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
pub enum ProxyState {
    #[default]
    Active,
    /// Agents are sent elsewhere, as far as another proxy serves them. What is on it stays, in step with the registry.
    Draining,
    /// Everything of ours is taken off it.
    Disabled,
}

/// Key cache of a LiteLLM without Redis, default settings (LITELLM.md C).
pub const CACHE_LAG_SECONDS: i32 = 60;

/// A proxy without its master key.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    pub id: ProxyId,
    pub name: String,
    /// Admin URL, no trailing slash.
    pub base_url: String,
    /// The URL agents use, no trailing slash.
    pub public_url: String,
    pub labels: BTreeMap<String, String>,
    /// How long its instances may go on serving what was taken away.
    pub cache_lag_seconds: i32,
    pub state: ProxyState,
    /// It did not answer for so long, or looks wiped, that agents are sent elsewhere.
    pub avoided: bool,
    /// Being removed: everything of ours on it is taken away first.
    pub deleting: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub status: ProxyStatus,
    pub status_since: DateTime<Utc>,
    pub status_code: Option<String>,
    pub status_message: Option<String>,
    pub litellm_version: Option<String>,
    pub capabilities: Value,
    pub checked_at: Option<DateTime<Utc>>,
    pub scanned_at: Option<DateTime<Utc>>,
    /// Since when most of what we made there is missing.
    pub wiped_since: Option<DateTime<Utc>>,
    /// Objects of ours that the registry does not know, kept until an admin has them removed.
    pub prune_held: i64,
    /// An admin has: by the next scan.
    pub prune_allowed: bool,
    pub foreign_counts: Value,
    pub enforcement_policy: EnforcementPolicy,
    /// What each check found last; empty before the first.
    pub enforcement: Vec<CheckResult>,
    /// Whether every check held when it was last told.
    pub enforced: Option<bool>,
    pub enforcement_at: Option<DateTime<Utc>>,
    /// The LiteLLM version that was checked.
    pub enforcement_version: Option<String>,
}

impl Proxy {
    /// Whether anything of ours belongs on it.
    pub fn serves(&self) -> bool {
        !self.deleting && self.state != ProxyState::Disabled
    }

    /// Whether nobody may use anything on it, since it is not seen to enforce what it is told.
    pub fn withheld(&self) -> bool {
        self.enforcement_policy == EnforcementPolicy::Require && self.enforced != Some(true)
    }
}
