//! What is not ours on a proxy, as far as taking it over needs to know, and what speaks against that. Pure.
//!
//! Made by a scan, kept with the proxy's differences, judged by the service. No secret is in it: what LiteLLM masks, and
//! what has a secret's name, is left out and only named.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{litellm_params, provider::Provider};

/// LiteLLM's user of keys that were made with the master key. It is a member of every team that is.
const NOBODY: &str = "default_user_id";
/// Parameters that are parts of a backend of their own in the registry.
const PARTS: [&str; 5] = ["model", "api_base", "base_url", "order", "weight"];
/// How a deployment says that its secret is one of LiteLLM's own credentials.
pub const CREDENTIAL_NAME: &str = "litellm_credential_name";

/// A foreign deployment or key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Foreign {
    Deployment(ForeignDeployment),
    Key(ForeignKey),
}

/// One backend that somebody else registered on the proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeignDeployment {
    /// `litellm_params.model`, such as `openai/gpt-4o`.
    pub upstream_model: String,
    pub base_url: Option<String>,
    pub order: Option<i32>,
    pub weight: Option<i32>,
    /// Its other parameters that are set and hold no secret.
    #[schema(value_type = Object)]
    pub litellm_params: Map<String, Value>,
    /// Parameters that are or may hold secrets, and that nobody can read.
    pub hidden: Vec<String>,
    /// The proxy's own credential that it calls with.
    pub litellm_credential: Option<String>,
    /// Of the proxy's configuration file, which nobody can change over its API.
    pub in_file: bool,
    pub blocked: bool,
}

/// A virtual key that somebody else made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForeignKey {
    /// Empty: all models, of its team if it has one.
    pub models: Vec<String>,
    /// Empty: every route that a key may call.
    pub routes: Vec<String>,
    pub team_id: Option<String>,
    pub user_id: Option<String>,
    pub max_budget_usd: Option<f64>,
    pub expires: Option<DateTime<Utc>>,
    pub blocked: bool,
    /// Names in its metadata.
    pub metadata: Vec<String>,
    /// Further attributes that are set, such as `aliases`.
    pub further: Vec<String>,
}

impl ForeignDeployment {
    /// Sorts the parameters that a proxy shows: `params` are all of `litellm_params` that are set.
    pub fn read(params: &Map<String, Value>, in_file: bool, blocked: bool) -> Self {
        let text = |name: &str| params.get(name).and_then(Value::as_str).map(str::to_owned);
        let number =
            |name: &str| params.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
        let mut further = Map::new();
        let mut hidden = Vec::new();
        for (name, value) in params {
            // LiteLLM adds its defaults, which are switches that are off, or nothing.
            let unset = match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(items) => items.is_empty(),
                Value::Object(fields) => fields.is_empty(),
                _ => false,
            };
            if unset || PARTS.contains(&name.as_str()) || name == CREDENTIAL_NAME {
                continue;
            }
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            if litellm_params::check_further(&alone).is_ok() {
                further.insert(name.clone(), value.clone());
            } else {
                hidden.push(name.clone());
            }
        }
        Self {
            upstream_model: text("model").unwrap_or_default(),
            base_url: text("api_base").or_else(|| text("base_url")),
            order: number("order"),
            weight: number("weight"),
            litellm_params: further,
            hidden,
            litellm_credential: text(CREDENTIAL_NAME),
            in_file,
            blocked,
        }
    }

    /// The provider that its upstream model names; `None` when that is none of the table.
    pub fn provider(&self) -> Option<Provider> {
        let (prefix, _) = self.upstream_model.split_once('/')?;
        if prefix == "openai" && self.base_url.is_some() {
            return Provider::parse("openai-compatible").ok();
        }
        Provider::all().find(|p| p.reads(&self.upstream_model))
    }

    /// Why it cannot be taken over; `None`: it can. `provider` is whose key is given for it.
    pub fn refusal(&self, provider: Provider, can_remove: bool) -> Option<String> {
        let secrets: Vec<&str> = provider
            .secret_sets()
            .iter()
            .flat_map(|set| set.iter().copied())
            .chain([provider.secret_field()])
            .collect();
        let hidden: Vec<&str> =
            self.hidden.iter().map(String::as_str).filter(|name| !secrets.contains(name)).collect();
        if self.in_file {
            Some(
                "it stands in the proxy's configuration file, which nobody can change over its API: register the model with \
                 Reeve, then take it out of the file"
                    .to_owned(),
            )
        } else if self.blocked {
            Some("it is blocked; unblock it on the proxy, or remove it there".to_owned())
        } else if !hidden.is_empty() {
            Some(format!(
                "its {} hold secrets that nobody can read, or are Reeve's to choose: register the model with Reeve",
                hidden.join(", ")
            ))
        } else {
            self.litellm_credential.as_ref().filter(|_| !can_remove).map(|name| {
                format!(
                    "it calls with the proxy's own credential {name:?}, which LiteLLM before 1.109 cannot take away from a \
                     model"
                )
            })
        }
    }
}

impl ForeignKey {
    /// Why it cannot be taken over; `None`: it can.
    pub fn refusal(&self) -> Option<String> {
        if self.blocked {
            Some("it is blocked; unblock it on the proxy first, or leave it".to_owned())
        } else if !self.further.is_empty() {
            Some(format!(
                "it has {}, which could let it call more than its realm was granted; take that away on the proxy first",
                self.further.join(", ")
            ))
        } else {
            None
        }
    }

    /// What changes for whoever holds it, when it becomes a key of a realm that may call `granted` with this budget.
    pub fn changes(&self, granted: &[String], budget: Option<f64>, routes: &[&str]) -> Vec<String> {
        let mut changes = Vec::new();
        let lost: Vec<&str> =
            self.models.iter().filter(|m| !granted.contains(m)).map(String::as_str).collect();
        if self.models.is_empty() {
            let of =
                if self.team_id.is_some() { "every model of its team" } else { "every model of the proxy" };
            changes.push(format!("it may call {of} now, and then only {}", list(granted)));
        } else if !lost.is_empty() {
            changes.push(format!("the realm was not granted {}", lost.join(", ")));
        }
        let lost: Vec<&str> =
            self.routes.iter().map(String::as_str).filter(|r| !routes.contains(r)).collect();
        if !lost.is_empty() {
            changes.push(format!("it loses the routes {}", lost.join(", ")));
        }
        if self.max_budget_usd.is_some() && self.max_budget_usd != budget {
            let own = self.max_budget_usd.unwrap_or_default();
            let after = budget.map_or_else(|| "none".to_owned(), |usd| format!("{usd} USD a month"));
            changes.push(format!("its own budget of {own} USD is replaced by the realm's, {after}"));
        }
        if let Some(user) = self.user_id.as_deref().filter(|user| *user != NOBODY) {
            changes.push(format!("it leaves its user {user}, whose limits and spend no longer concern it"));
        }
        if let Some(team) = &self.team_id {
            changes.push(format!("it leaves its team {team}, whose limits and spend no longer concern it"));
        }
        if !self.metadata.is_empty() {
            changes.push(format!("its metadata goes: {}", self.metadata.join(", ")));
        }
        changes
    }
}

fn list(granted: &[String]) -> String {
    if granted.is_empty() { "none".to_owned() } else { granted.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(params: &Value) -> ForeignDeployment {
        ForeignDeployment::read(params.as_object().unwrap(), false, false)
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_kept() {
        let found = deployment(&json!({
            "model": "azure/gpt-4o", "api_base": "https://x.example", "rpm": 100, "timeout": 30.0,
            "use_in_pass_through": false, "azure_ad_token": "abcd****wxyz", "order": 2,
            "extra_headers": {"X-A": "1", "Authorization": "secr****cret"}, "tags": [],
        }));
        assert_eq!(found.hidden, ["azure_ad_token", "extra_headers"]);
        assert_eq!(Value::Object(found.litellm_params.clone()), json!({ "rpm": 100, "timeout": 30.0 }));
        assert_eq!((found.order, found.base_url.as_deref()), (Some(2), Some("https://x.example")));
        let azure = Provider::parse("azure").unwrap();
        assert_eq!(found.provider(), Some(azure));
        let why = found.refusal(azure, true).unwrap();
        assert!(why.contains("extra_headers") && !why.contains("azure_ad_token"), "{why}");
    }

    #[test]
    fn a_provider_is_known_by_its_prefix_and_address() {
        let of = |params: Value| deployment(&params).provider().map(Provider::name);
        assert_eq!(of(json!({ "model": "openai/gpt-4o" })), Some("openai"));
        assert_eq!(of(json!({ "model": "openai/x", "api_base": "http://a" })), Some("openai-compatible"));
        assert_eq!(of(json!({ "model": "hosted_vllm/x" })), Some("vllm"));
        assert_eq!(of(json!({ "model": "ollama/x" })), Some("ollama"));
        assert_eq!(of(json!({ "model": "gpt-4o" })), None);
        assert_eq!(of(json!({ "model": "elsewhere/x" })), None);
    }

    #[test]
    fn a_credential_of_the_proxy_must_be_removable() {
        let openai = Provider::parse("openai").unwrap();
        let found = deployment(&json!({ "model": "openai/x", "litellm_credential_name": "team" }));
        assert_eq!(found.refusal(openai, true), None);
        assert!(found.refusal(openai, false).unwrap().contains("\"team\""));
        let in_file = ForeignDeployment { in_file: true, ..found };
        assert!(in_file.refusal(openai, true).unwrap().contains("configuration file"));
    }

    #[test]
    fn what_a_key_loses_is_said_before() {
        let key = ForeignKey {
            models: vec!["a".to_owned(), "b".to_owned()],
            user_id: Some(NOBODY.to_owned()),
            ..ForeignKey::default()
        };
        let granted = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(key.changes(&granted, Some(5.0), &[]), Vec::<String>::new());
        assert_eq!(key.changes(&granted[..1], None, &[]), ["the realm was not granted b"]);
        let all = ForeignKey { models: Vec::new(), max_budget_usd: Some(3.0), ..key.clone() };
        assert_eq!(all.changes(&granted, None, &[]).len(), 2);
        assert_eq!(key.refusal(), None);
        let aliased = ForeignKey { further: vec!["aliases".to_owned()], ..key };
        assert!(aliased.refusal().unwrap().contains("aliases"));
    }
}
