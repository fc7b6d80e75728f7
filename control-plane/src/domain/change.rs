//! What a transaction says it changed: one change-log entry, the objects to bring in line, one audit row.

use serde_json::Value;

use super::object::Object;
use crate::base::ids::{ModelId, ProxyId, RealmId};

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
    /// Models that may belong on other proxies than before: their deployments are brought in line where that is so.
    pub models: Vec<ModelId>,
}

/// An audit row, handed over with the change. `before` and `after` are views without secrets.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub action: &'static str,
    /// Such as `model/<id>`.
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Where the answer of a POST can be read again, for a repeat of it.
    pub location: Option<Location>,
}

/// How to answer a repeated POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// HTTP status of the first answer.
    pub status: u16,
    /// API path whose GET gives the same body; empty when the first answer held a secret that is shown once.
    pub path: String,
}

impl Location {
    /// The POST made the thing at `path`.
    pub fn created(path: impl Into<String>) -> Self {
        Self { status: 201, path: path.into() }
    }

    /// The POST changed the thing at `path`.
    pub fn changed(path: impl Into<String>) -> Self {
        Self { status: 200, path: path.into() }
    }

    /// The POST made something whose secret cannot be shown again.
    pub fn shown_once() -> Self {
        Self { status: 201, path: String::new() }
    }
}
