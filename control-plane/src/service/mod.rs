//! Use cases: one function is one transaction script. It opens the transaction, checks rules, makes ids and times,
//! writes, and ends it with `Tx::finish`; then it pokes. No HTTP, no network inside a transaction.
//!
//! Rows are locked in one order everywhere (model, realm, agent, head, work), so that nobody waits in a circle.

pub mod agents;
pub mod audit;
pub mod changes;
pub mod converge;
pub mod credentials;
pub mod deployments;
pub mod enroll;
pub mod enrollment;
pub mod explain;
pub mod federation;
pub mod freezes;
pub mod grants;
pub mod idempotent;
pub mod identity_providers;
pub mod keys;
pub mod llm_config;
pub mod lookup;
pub mod members;
pub mod models;
pub mod observe;
pub mod overview;
pub mod password;
pub mod people;
pub mod proxies;
pub mod realm_llm;
pub mod realms;
pub mod settings;
pub mod sign_in;
pub mod sync;
pub mod tokens;
pub mod workload;

use serde::Serialize;

pub use crate::push::identity::Origins;
use crate::{
    base::{context::Context, signals::Signals},
    domain::{
        change::{AuditEntry, Change, Location, Revision},
        error::{Error, Result},
        object::Object,
        url_policy::UrlPolicy,
    },
    store::{Store, Tx},
};

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub store: Store,
    pub url_policy: UrlPolicy,
    pub signals: Signals,
}

/// Whether finding out who a caller is counts as a use of the session or token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    Use,
    /// A stream that is held open is looked at again: it keeps no idle session alive, and writes nothing.
    Leave,
}

/// A write that is durable.
#[derive(Clone, Debug)]
pub struct Written<T> {
    pub view: T,
    /// Version of the edited resource: its ETag.
    pub version: Option<i64>,
    /// `None` when there was nothing to change, or nothing that agents and proxies can notice.
    pub revision: Option<Revision>,
    /// What is to be made true on the proxies; the answer's `sync` looks at these.
    pub objects: Vec<Object>,
    /// Something new was made.
    pub created: bool,
}

impl<T> Written<T> {
    /// The write changed nothing.
    pub fn unchanged(view: T, version: Option<i64>, objects: Vec<Object>) -> Self {
        Self { view, version, revision: None, objects, created: false }
    }
}

impl Services {
    /// Ends `tx` with one change and one audit row of the same name, and tells those who wait for changes.
    async fn finish(&self, tx: Tx, ctx: &Context, change: Change, entry: Entry) -> Result<Revision> {
        let audit = entry.audit(change.kind);
        let revision = tx.finish(ctx, change, audit).await?;
        self.signals.changed();
        Ok(revision)
    }
}

/// What an audit row says beside its action. The views have no secrets.
struct Entry {
    subject: String,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
    location: Option<Location>,
}

impl Entry {
    fn new(subject: String) -> Self {
        Self { subject, before: None, after: None, location: None }
    }

    fn before(mut self, view: &impl Serialize) -> Self {
        self.before = serde_json::to_value(view).ok();
        self
    }

    fn after(mut self, view: &impl Serialize) -> Self {
        self.after = serde_json::to_value(view).ok();
        self
    }

    fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    fn audit(self, action: &'static str) -> AuditEntry {
        AuditEntry {
            action,
            subject: self.subject,
            before: self.before,
            after: self.after,
            location: self.location,
        }
    }
}

/// Asks the database for nothing, to see that it answers.
pub async fn reachable(s: &Services) -> Result<()> {
    crate::store::listener::head(&mut *s.store.conn().await?).await.map(drop)
}

/// Refuses an edit of another version than the caller has seen; `None`: the caller does not mind.
fn check_version(expected: Option<i64>, current: i64) -> Result<()> {
    match expected {
        Some(named) if named != current => Err(Error::Stale { named: named.to_string(), current }),
        _ => Ok(()),
    }
}

/// A rule's refusal, whose text begins with the field, as the one error.
fn refused(error: &impl std::fmt::Display) -> Error {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((field, message)) if !field.contains(' ') => Error::invalid(field, message),
        _ => Error::invalid("body", text),
    }
}

/// Refuses a text of more than `max` characters, or with control characters other than line breaks and tabs.
fn check_text(field: &str, text: &str, max: usize) -> Result<()> {
    if text.chars().count() > max || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Error::invalid(
            field,
            format!("expected at most {max} characters, without control characters"),
        ));
    }
    Ok(())
}

/// Refuses a number outside `min..=max`.
fn check_range(field: &str, number: Option<i32>, min: i32, max: i32) -> Result<()> {
    match number {
        Some(n) if n < min || n > max => {
            Err(Error::invalid(field, format!("expected a number from {min} to {max}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a budget that is no positive amount of money.
fn check_budget(budget: Option<f64>) -> Result<()> {
    match budget {
        Some(usd) if !(usd.is_finite() && usd > 0.0 && usd <= 1e9) => Err(Error::invalid(
            "monthlyBudgetUsd",
            "expected US dollars above 0 and at most 1000000000; null or absent for no limit",
        )),
        _ => Ok(()),
    }
}

/// Refuses an empty, very long or multi-line secret.
fn check_secret(field: &str, secret: &crate::base::secret::Secret) -> Result<()> {
    let text = secret.expose();
    if text.trim().is_empty() || text.len() > 16_384 || text.trim() != text {
        return Err(Error::invalid(
            field,
            "expected 1 to 16384 characters without spaces or line breaks around them",
        ));
    }
    Ok(())
}
