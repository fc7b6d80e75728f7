//! Grants: model x realm.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::ids::{ModelId, RealmId};

/// A right given, or being taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: Uuid,
    pub realm_id: RealmId,
    pub model_id: ModelId,
    pub expires_at: Option<DateTime<Utc>>,
    pub reason: String,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    /// Since when it is being taken away.
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoke_revision: Option<i64>,
    /// When no proxy held the right any more.
    pub done_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GrantState {
    Active,
    /// Taken away, but not yet on every proxy.
    Revoking,
    Revoked,
}

impl Grant {
    pub fn state(&self) -> GrantState {
        match (self.revoked_at, self.done_at) {
            (None, _) => GrantState::Active,
            (Some(_), None) => GrantState::Revoking,
            (Some(_), Some(_)) => GrantState::Revoked,
        }
    }
}
