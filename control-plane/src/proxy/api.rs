//! `ProxyApi`: the calls Reeve makes to one proxy. The reconciler and the jobs know nothing else of LiteLLM.
//!
//! Every call makes at most one write and never repeats it. A read answers `None` for "not there", whatever status
//! LiteLLM chose for it. `Ok` of a write says that LiteLLM said yes, not that it did so: it echoes what it ignored
//! (LITELLM.md 0), so read back what matters.

use async_trait::async_trait;

use super::{
    Asked, BudgetChange, DeploymentBody, ExpiryChange, KeyBody, KeyHash, ObservedDeployment, ObservedKey,
    ObservedTeam, Probe, ProxyError, TeamBody,
};
use crate::{
    base::{ids::InstallationId, secret::Secret},
    domain::{access::ModelList, enforcement::CheckResult},
};

#[async_trait]
pub trait ProxyApi: Send + Sync + std::fmt::Debug {
    /// Version, database, `store_model_in_db`, licence, and whether Reeve can work with it. Changes nothing.
    /// A proxy that cannot be reached or whose database is down is an error, not an unsupported one.
    async fn probe(&self) -> Result<Probe, ProxyError>;

    /// Whether the proxy enforces what it is told, tried with two keys that are made and removed again; no upstream is reached.
    async fn checks(&self, owner: InstallationId, keys: &[Secret; 2])
    -> Result<Vec<CheckResult>, ProxyError>;

    /// Whether [`Self::update_deployment`] may take parameters away (1.109 or newer). Where it may not, delete the
    /// deployment and create it again under the same id.
    async fn supports_param_removal(&self) -> Result<bool, ProxyError>;

    /// Reads one deployment. A proxy of several instances may answer from a memory that is up to 30 s old.
    async fn deployment(&self, litellm_id: &str) -> Result<Option<ObservedDeployment>, ProxyError>;
    /// Lists all deployments, ours and foreign, those of the proxy's own configuration file too.
    async fn deployments(&self) -> Result<Vec<ObservedDeployment>, ProxyError>;
    /// An id that is there already answers as an ambiguous failure (LiteLLM says 500): read back.
    async fn create_deployment(&self, body: &DeploymentBody) -> Result<(), ProxyError>;
    /// Merges `body` into the deployment and takes the parameters named in `remove` away; with `remove` and a proxy
    /// that cannot ([`Self::supports_param_removal`]) it is rejected before anything is sent.
    async fn update_deployment(&self, body: &DeploymentBody, remove: &[String]) -> Result<(), ProxyError>;
    /// Has the proxy call the deployment's provider once, for real, as `body` says; nothing is changed. Ok(Some): what the provider
    /// or the proxy said against it.
    async fn try_deployment(&self, body: &DeploymentBody) -> Result<Option<String>, ProxyError>;
    /// `false` when it was not there.
    async fn delete_deployment(&self, litellm_id: &str) -> Result<bool, ProxyError>;

    async fn team(&self, team_id: &str) -> Result<Option<ObservedTeam>, ProxyError>;
    async fn teams(&self) -> Result<Vec<ObservedTeam>, ProxyError>;
    /// An id that is there already is rejected with [`ErrorKind::AlreadyExists`](super::ErrorKind::AlreadyExists).
    async fn create_team(&self, body: &TeamBody) -> Result<(), ProxyError>;
    async fn update_team(&self, body: &TeamBody, budget: BudgetChange) -> Result<(), ProxyError>;
    async fn set_team_blocked(&self, team_id: &str, blocked: bool) -> Result<(), ProxyError>;
    /// Deletes the team's keys with it. `false` when it was not there.
    async fn delete_team(&self, team_id: &str) -> Result<bool, ProxyError>;

    async fn key(&self, hash: &KeyHash) -> Result<Option<ObservedKey>, ProxyError>;
    async fn keys(&self) -> Result<Vec<ObservedKey>, ProxyError>;
    /// A secret that is there already may answer `Ok` although nothing was changed; an alias that is taken is rejected
    /// with [`ErrorKind::AlreadyExists`](super::ErrorKind::AlreadyExists), also when this same key has it. Read back.
    /// A team that is not there is no error: make it first.
    async fn create_key(&self, body: &KeyBody) -> Result<(), ProxyError>;
    async fn update_key(
        &self,
        body: &KeyBody,
        budget: BudgetChange,
        expiry: ExpiryChange,
    ) -> Result<(), ProxyError>;
    /// Takes a key that somebody else made away from its user and lets it call nothing but `models`: LiteLLM moves a key only to
    /// a team that has its user and its models.
    async fn detach_key(&self, hash: &KeyHash, models: &ModelList) -> Result<(), ProxyError>;
    async fn set_key_blocked(&self, hash: &KeyHash, blocked: bool) -> Result<(), ProxyError>;
    /// `false` when it was not there.
    async fn delete_key(&self, hash: &KeyHash) -> Result<bool, ProxyError>;

    /// Asks, with the virtual key itself and without reaching an upstream, whether it may call `model`.
    /// Leaves one failed request in the proxy's log of calls.
    async fn right(&self, key: &Secret, model: &str) -> Result<Asked, ProxyError>;
}
