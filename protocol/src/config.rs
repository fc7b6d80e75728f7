//! The document that an agent gets, `llm_config`, its three states and its hash.
//!
//! The control plane builds one with [`LlmConfigMessage::new`]; the agent decodes it and asks
//! [`LlmConfigMessage::hash_matches`]. A document that is half built cannot be expressed.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ApiKey;

/// A version of a document together with its hash: what an agent reports of what it runs or refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionHash {
    /// The control plane's durable revision.
    pub version: i64,
    /// [`document_hash`] of the document, 64 lowercase hex digits.
    pub hash: String,
}

/// Where a model is called, with what key. Built for one agent; whole, never a delta.
///
/// A field that is unknown to the agent is ignored but still counts in the hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmConfig {
    /// `openai-compatible` in realm mode; in manual mode what the admin named, such as `anthropic`.
    pub provider: String,
    /// The model to ask for: in realm mode the `litellmModelName`.
    pub model: String,
    /// What an OpenAI client takes as its base URL: the proxy's public URL with `/v1`.
    pub base_url: String,
    pub api_key: ApiKey,
    /// All models that the realm may use, `model` among them. Empty in manual mode.
    #[serde(default)]
    pub models: Vec<String>,
    /// Where the same key works, best first; the first is `base_url`. Empty in manual mode.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The generation of the realm's virtual key; 0 for a key that is not one of ours (manual mode).
    #[serde(default)]
    pub key_generation: i64,
    /// When the right to use this ends, if it does. The proxy enforces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// What `model` costs, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
}

/// One proxy where the document's key works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The proxy's name.
    pub proxy: String,
    /// As [`LlmConfig::base_url`], for this proxy.
    pub base_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// The price of one token in US dollars, in the unit that LiteLLM's price table uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_cost_per_token: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_cost_per_token: Option<f64>,
}

/// Why an agent may use nothing now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// One of [`detail_code`]; an agent must not fail on one that it does not know.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The codes of [`Detail`].
pub mod detail_code {
    /// No realm of the agent has a grant.
    pub const NO_GRANT: &str = "no-grant";
    /// The grant is there, no proxy serves it yet.
    pub const CONVERGING: &str = "converging";
    /// No proxy is registered, or none can serve the model.
    pub const NO_PROXY: &str = "no-proxy";
    /// An admin stopped the realm or the agent for now.
    pub const FROZEN: &str = "frozen";
    /// The grant or the membership has ended.
    pub const EXPIRED: &str = "expired";
}

/// Why a document was sent now. For people and metrics; an agent must not act on it.
pub mod reason {
    pub const CONNECT: &str = "connect";
    pub const GRANT: &str = "grant";
    pub const REVOKE: &str = "revoke";
    pub const ROTATE: &str = "rotate";
    pub const MODE: &str = "mode";
    pub const RESEND: &str = "resend";
}

/// What an agent may use. A config is there exactly when the state is `active`, by construction.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// Use this.
    Active(Box<LlmConfig>),
    /// Use your own environment.
    Env,
    /// Use nothing now: drop the key you have, keep the session.
    Unavailable(Detail),
}

impl Document {
    /// The state as it stands on the wire: `active`, `env` or `unavailable`.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Active(_) => "active",
            Self::Env => "env",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The config, when the state is `active`.
    pub fn config(&self) -> Option<&LlmConfig> {
        match self {
            Self::Active(config) => Some(config),
            Self::Env | Self::Unavailable(_) => None,
        }
    }

    /// The document's hash, see [`document_hash`].
    pub fn hash(&self) -> String {
        let detail = match self {
            Self::Unavailable(detail) => Some(detail.code.as_str()),
            Self::Active(_) | Self::Env => None,
        };
        let config = self.config().map(serde_json::to_value).and_then(Result::ok);
        document_hash(self.state(), config.as_ref(), detail)
    }
}

/// The hash of a document: SHA-256, as 64 lowercase hex digits, over the canonical JSON form (RFC 8785) of
/// `{"config": <config or null>, "detail": <detail code or null>, "state": <state>}`.
///
/// The config counts whole, key and key generation included. The detail's message does not: it is for people and may be
/// worded anew without that being a change. `config` is taken as JSON, as it stands on the wire, so that an agent that
/// does not know a newer field still computes the same hash.
pub fn document_hash(state: &str, config: Option<&Value>, detail_code: Option<&str>) -> String {
    let form = serde_json::json!({ "state": state, "config": config, "detail": detail_code });
    // A JSON value always has a canonical form, except for a number that no f64 can hold; such a document gets the hash
    // of nothing, which matches nothing.
    let bytes = serde_json_canonicalizer::to_vec(&form).unwrap_or_default();
    hex::encode(Sha256::digest(bytes))
}

/// The payload of `llm_config`: the whole document for one agent, at one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct LlmConfigMessage {
    /// The control plane's durable revision. It never goes back.
    pub version: i64,
    /// The hash that came with the document.
    pub hash: String,
    pub document: Document,
    /// One of [`reason`].
    pub reason: String,
    /// The hash of what really came, unknown fields included.
    computed: String,
}

impl LlmConfigMessage {
    /// A message with this document; the hash is computed.
    pub fn new(version: i64, document: Document, reason: impl Into<String>) -> Self {
        let hash = document.hash();
        Self { version, computed: hash.clone(), hash, document, reason: reason.into() }
    }

    /// Whether the hash that came is the one of the document that came.
    pub fn hash_matches(&self) -> bool {
        self.hash == self.computed
    }

    pub fn version_hash(&self) -> VersionHash {
        VersionHash { version: self.version, hash: self.hash.clone() }
    }
}

/// [`LlmConfigMessage`] as it stands on the wire.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LlmConfigMessage")]
struct Wire {
    /// The control plane's durable revision. It never goes back.
    #[schemars(range(min = 0))]
    version: i64,
    /// SHA-256 over the canonical form, 64 lowercase hex digits.
    hash: String,
    state: State,
    /// An object if and only if the state is `active`.
    #[serde(default)]
    #[schemars(with = "Option<LlmConfig>")]
    config: Option<Value>,
    /// Given if and only if the state is `unavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Detail>,
    /// Why it was sent now.
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    Env,
    Unavailable,
}

impl TryFrom<Wire> for LlmConfigMessage {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        if wire.version < 0 {
            return Err("field `version`: expected a revision of 0 or more".to_owned());
        }
        let code = wire.detail.as_ref().map(|detail| detail.code.as_str());
        let (computed, document) = match (wire.state, wire.config) {
            (State::Active, Some(config)) => {
                let computed = document_hash("active", Some(&config), None);
                let config = crate::decode::from_value(config)
                    .map_err(|(field, problem)| format!("field `config.{field}`: {problem}"))?;
                (computed, Document::Active(Box::new(config)))
            }
            (State::Active, None) => {
                return Err("field `config`: expected an object, because state is active".to_owned());
            }
            (State::Env | State::Unavailable, Some(_)) => {
                return Err("field `config`: expected null, because state is not active".to_owned());
            }
            (State::Env, None) => (document_hash("env", None, None), Document::Env),
            (State::Unavailable, None) => {
                let computed = document_hash("unavailable", None, code);
                let detail =
                    wire.detail.ok_or("field `detail`: expected an object, because state is unavailable")?;
                (computed, Document::Unavailable(detail))
            }
        };
        Ok(Self { version: wire.version, hash: wire.hash, document, reason: wire.reason, computed })
    }
}

impl From<LlmConfigMessage> for Wire {
    fn from(message: LlmConfigMessage) -> Self {
        let (state, config, detail) = match message.document {
            Document::Active(config) => (State::Active, serde_json::to_value(config).ok(), None),
            Document::Env => (State::Env, None, None),
            Document::Unavailable(detail) => (State::Unavailable, None, Some(detail)),
        };
        Self { version: message.version, hash: message.hash, state, config, detail, reason: message.reason }
    }
}

impl JsonSchema for LlmConfigMessage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LlmConfigMessage".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Wire::json_schema(generator)
    }
}
