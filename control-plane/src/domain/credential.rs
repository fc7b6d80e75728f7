//! Provider credentials: a provider's API key, write-only.

use chrono::{DateTime, Utc};

use crate::base::ids::CredentialId;

/// A credential as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    /// `None` when it was typed into a deployment and belongs to that alone.
    pub name: Option<String>,
    pub provider: String,
    /// Such as `...WXYZ`.
    pub fingerprint: String,
    /// Raised when the key changes.
    pub generation: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
