//! What a transaction says it changed: one change-log entry, the objects to bring in line, one audit row.

use serde_json::Value;

use super::object::Object;
use crate::base::ids::{ProxyId, RealmId};

/// The number of a change-log entry.
pub type Revision = i64;

/// A configuration change, handed to `store::Tx::finish`.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Such as `grant`, `revoke`, `model.create`; also the audit action.
    pub kind: &'static str,
    /// Whose agents may see a new document.
    pub realms: Vec<RealmId>,
    /// Agents that may see a new document.
    pub agents: Vec<String>,
    /// Every agent may see a new document.
    pub everyone: bool,
    /// A right was taken away: push without debounce.
    pub urgent: bool,
    /// For the receipt; never a secret.
    pub summary: Value,
    /// Objects to bring in line, on every proxy unless `only_proxy` is set.
    pub objects: Vec<Object>,
    pub only_proxy: Option<ProxyId>,
}

/// An audit row, handed over with the change. `before` and `after` are views without secrets.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub action: &'static str,
    /// Such as `model/<id>`.
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// API path of the thing a POST made, for a repeat of it.
    pub location: Option<String>,
}
