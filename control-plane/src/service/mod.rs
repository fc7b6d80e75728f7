//! Use cases: one function is one transaction script. It opens the transaction, checks rules, makes ids and times,
//! writes, and ends it with `Tx::finish`; then it pokes. No HTTP, no network inside a transaction.

pub mod enroll;

use crate::{base::signals::Signals, domain::url_policy::UrlPolicy, store::Store};

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub store: Store,
    pub url_policy: UrlPolicy,
    pub signals: Signals,
}
