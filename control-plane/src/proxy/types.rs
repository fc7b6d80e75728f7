//! What we write to a proxy: the ownership mark and the bodies of deployments, teams and keys.
//!
//! Made by the reconciler's planner, rendered here and nowhere else. Each `render_*` gives the exact JSON that
//! goes over the wire; those that hold a secret are private to `proxy`.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::base::{hash::sha256_hex, ids::InstallationId, secret::Secret};
use crate::domain::{access::ModelList, litellm_params::LitellmParams, model_name::LitellmModelName};

/// The word under which our mark stands in `model_info` and in `metadata`.
pub(super) const MARK: &str = "reeve";

/// The ownership mark of everything we create on a proxy. What lacks it, or has another `owner`, is foreign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The installation that created the object.
    pub owner: InstallationId,
    /// The registry's id of the object: deployment, realm or key.
    pub id: Uuid,
    /// The generation of the registry's object that was rendered.
    pub generation: i64,
    /// Hash of our own rendered body, by which drift is judged.
    pub hash: String,
}

impl Mark {
    /// The mark in a `model_info` or a `metadata` object; `None` when there is none or it is not one of Reeve's.
    pub fn read(holder: Option<&Value>) -> Option<Self> {
        Self::deserialize(holder?.get(MARK)?).ok()
    }

    fn metadata(&self) -> Value {
        json!({ MARK: self })
    }
}

/// One deployment: on the proxy one row of its model table.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentBody {
    /// `model_info.id`, chosen by us. Always sent, since without it a repeated create makes a second deployment.
    pub litellm_id: String,
    /// The name callers use; several deployments may share it.
    pub model_name: LitellmModelName,
    pub litellm_params: LitellmParams,
    pub mark: Mark,
}

impl DeploymentBody {
    /// The body of `POST /model/new`. Holds the provider's secret in plaintext.
    pub(super) fn render_create(&self) -> Value {
        json!({
            "model_name": self.model_name,
            "litellm_params": self.litellm_params.expose(),
            "model_info": { "id": self.litellm_id, MARK: self.mark },
        })
    }

    /// The body of `PATCH /model/{id}/update`, which merges: `remove` names the parameters to take away.
    pub(super) fn render_update(&self, remove: &[String]) -> Value {
        let mut body = self.render_create();
        if !remove.is_empty() {
            body["litellm_params_to_remove"] = json!(remove);
        }
        body
    }
}

/// One realm: on the proxy one team.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamBody {
    pub team_id: String,
    pub team_alias: String,
    pub models: ModelList,
    /// US dollars per `budget_duration`; `None` is no limit.
    pub max_budget: Option<f64>,
    /// For example `1mo`.
    pub budget_duration: Option<&'static str>,
    pub blocked: bool,
    pub mark: Mark,
}

impl TeamBody {
    pub(super) fn render_create(&self) -> Value {
        self.render(BudgetChange::Set)
    }

    pub(super) fn render_update(&self, budget: BudgetChange) -> Value {
        self.render(budget)
    }

    fn render(&self, budget: BudgetChange) -> Value {
        let mut body = json!({
            "team_id": self.team_id,
            "team_alias": self.team_alias,
            "models": self.models,
            "max_budget": self.max_budget,
            "blocked": self.blocked,
            "metadata": self.mark.metadata(),
        });
        if budget == BudgetChange::Set {
            body["budget_duration"] = json!(self.budget_duration);
        }
        body
    }
}

/// One generation of a realm's virtual key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyBody {
    /// The plaintext, chosen by us. It goes over the wire once, in the body of the create call.
    pub secret: Secret,
    /// Unique over all keys of the proxy.
    pub key_alias: String,
    pub team_id: String,
    pub models: ModelList,
    /// US dollars per `budget_duration`; `None` is no limit.
    pub max_budget: Option<f64>,
    pub budget_duration: Option<&'static str>,
    /// Route names; see [`crate::domain::access::INFERENCE_ROUTES`].
    pub allowed_routes: Vec<&'static str>,
    /// Lifetime from now, for example `90d`; `None` never expires. Say whole days, and not 1, 7 or 30 of them: at a
    /// creation 1.80 takes those for the end of the day, week or month, and any number of hours for the end of the day.
    pub duration: Option<String>,
    /// The key is to end by then and not to be renewed; `None` is one that is renewed.
    pub ends_at: Option<DateTime<Utc>>,
    /// US dollars that it has when it is made; an update leaves what it has.
    pub spend: f64,
    pub blocked: bool,
    pub mark: Mark,
}

impl KeyBody {
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.secret)
    }

    /// The body of `POST /key/generate`. Holds the key in plaintext.
    pub(super) fn render_create(&self) -> Value {
        let mut body = self.fields();
        body.insert("key".to_owned(), self.secret.expose().into());
        body.insert("budget_duration".to_owned(), json!(self.budget_duration));
        body.insert("duration".to_owned(), json!(self.duration));
        if self.spend > 0.0 {
            body.insert("spend".to_owned(), json!(self.spend));
        }
        Value::Object(body)
    }

    /// The body of `POST /key/update`, which names the key by its hash.
    pub(super) fn render_update(&self, budget: BudgetChange, expiry: ExpiryChange) -> Value {
        let mut body = self.fields();
        body.insert("key".to_owned(), self.hash().as_str().into());
        if budget == BudgetChange::Set {
            body.insert("budget_duration".to_owned(), json!(self.budget_duration));
        }
        if expiry == ExpiryChange::Set {
            body.insert("duration".to_owned(), json!(self.duration));
        }
        Value::Object(body)
    }

    fn fields(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("key_alias".to_owned(), self.key_alias.as_str().into());
        body.insert("team_id".to_owned(), self.team_id.as_str().into());
        body.insert("models".to_owned(), json!(self.models));
        body.insert("max_budget".to_owned(), json!(self.max_budget));
        body.insert("allowed_routes".to_owned(), json!(self.allowed_routes));
        body.insert("blocked".to_owned(), self.blocked.into());
        body.insert("metadata".to_owned(), self.mark.metadata());
        body
    }
}

/// Whether an update says the budget's period. LiteLLM recomputes the reset date whenever it is said, so an unchanged
/// one must be kept (LITELLM.md D).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetChange {
    /// `budget_duration` is not sent.
    Keep,
    /// `budget_duration` is sent, as null when there is none.
    Set,
}

/// Whether an update says a key's lifetime, which counts from the moment of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryChange {
    /// `duration` is not sent.
    Keep,
    /// `duration` is sent; null is "never expires", which 1.80 ignores.
    Set,
}

/// How LiteLLM names a key: lower-case hex SHA-256 of its plaintext. May be shown and may stand in a URL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    pub fn of(secret: &Secret) -> Self {
        Self(sha256_hex(secret.expose()))
    }

    /// Takes 64 hexadecimal digits, for example from the store; `None` for anything else, so that a plaintext key
    /// cannot become part of a URL by mistake.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
        hex.then(|| Self(text.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
