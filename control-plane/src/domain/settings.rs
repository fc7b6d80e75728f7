//! What the whole installation allows.

/// The one row of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether the bootstrap admin token is accepted.
    pub bootstrap_token_enabled: bool,
    /// Audit rows older than this go; `None`: they stay.
    pub audit_retention_days: Option<i32>,
    pub version: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bootstrap_token_enabled: true, audit_retention_days: None, version: 1 }
    }
}
