//! HTTP in, HTTP out. One operation is one file; a path under `api/` mirrors the URL, the file's name is the verb.
//! Handlers check and name things, call one use case, and shape the answer. No SQL, no rules.

mod address;
pub mod agents;
pub mod answer;
pub mod audit;
pub mod auth;
mod authz;
pub mod caller;
pub mod changes;
mod console;
pub mod credentials;
pub mod docs;
pub mod enrollment_tokens;
pub mod events;
pub mod explain;
pub mod extract;
pub mod freezes;
pub mod health;
pub mod idempotency;
pub mod identity_providers;
pub mod me;
pub mod metrics;
pub mod models;
pub mod observe;
pub mod observe_mode;
pub mod overview;
pub mod page;
pub mod people;
pub mod problem;
pub mod providers;
pub mod proxies;
pub mod ready;
pub mod realms;
pub mod refusals;
mod router;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod work;
pub mod workload_rules;
pub mod write;

use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::watch;

pub use self::{
    caller::AdminToken,
    refusals::Refusals,
    router::{openapi, router},
};
use crate::{
    feed::Feed,
    oidc::Issuers,
    reconcile::Reconciler,
    service::{Origins, Services},
};

/// What the API needs of the process.
pub struct ApiDeps {
    pub services: Services,
    /// For what can only be asked of the proxies while the caller waits.
    pub reconciler: Reconciler,
    pub admin_token: AdminToken,
    /// False until everything runs, and from the moment when the process begins to stop.
    pub ready: watch::Receiver<bool>,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Under which agents reach this installation: what an enrolment's proof must name.
    pub origins: Origins,
    /// Where people reach it: what links begin with.
    pub public_url: String,
    /// Whether cookies are for TLS alone: everywhere but on loopback.
    pub secure_cookies: bool,
    /// Fronts whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub refusals: Refusals,
    /// What happens, for the streams of events.
    pub feed: Feed,
    /// Whose word is taken for who somebody is.
    pub issuers: Issuers,
}

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<ApiDeps>);

impl ApiState {
    pub fn new(deps: ApiDeps) -> Self {
        Self(Arc::new(deps))
    }
}

impl std::ops::Deref for ApiState {
    type Target = ApiDeps;

    fn deref(&self) -> &ApiDeps {
        &self.0
    }
}
