//! The simulated database: what survives a restart of a LiteLLM instance and is shared by all instances behind
//! one URL. Rows keep their fields as JSON, so that merges and echoes work as in LiteLLM. No HTTP, no clock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

pub(crate) type Row = Map<String, Value>;

#[derive(Debug, Default)]
pub(crate) struct Db {
    pub(crate) models: BTreeMap<String, ModelRow>,
    /// By token, the sha256 of the key in lower-case hex.
    pub(crate) keys: BTreeMap<String, KeyRow>,
    /// The archive; a token may be there several times.
    pub(crate) deleted_keys: Vec<KeyRow>,
    pub(crate) teams: BTreeMap<String, TeamRow>,
    pub(crate) credentials: BTreeMap<String, CredentialRow>,
    next_seq: u64,
}

impl Db {
    /// Row numbers give lists the order of creation even within one millisecond.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    /// Every route takes the key itself or its hash.
    pub(crate) fn token_of(key_or_hash: &str) -> String {
        if key_or_hash.starts_with("sk-") { hash(key_or_hash) } else { key_or_hash.to_owned() }
    }

    pub(crate) fn key_by_alias(&self, alias: &str) -> Option<&KeyRow> {
        self.keys.values().find(|key| key.str("key_alias") == Some(alias))
    }

    /// Moves a key to the archive, stamped as LiteLLM does.
    pub(crate) fn archive_key(&mut self, token: &str, at: &str) -> bool {
        let Some(mut key) = self.keys.remove(token) else { return false };
        key.fields.insert("deleted_at".to_owned(), json!(at));
        key.fields.insert("deleted_by".to_owned(), json!("default_user_id"));
        self.deleted_keys.push(key);
        true
    }
}

/// sha256 in lower-case hex, LiteLLM's token of a key.
pub fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

#[derive(Debug, Clone)]
pub(crate) struct ModelRow {
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) params: Row,
    pub(crate) info: Row,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// Prefixes of `litellm_params.model` that make a deployment (LiteLLM knows about 150 providers).
const PROVIDERS: [&str; 26] = [
    "openai",
    "anthropic",
    "azure",
    "azure_ai",
    "bedrock",
    "sagemaker_chat",
    "gemini",
    "vertex_ai",
    "ollama",
    "ollama_chat",
    "hosted_vllm",
    "groq",
    "mistral",
    "openrouter",
    "together_ai",
    "deepseek",
    "xai",
    "cohere",
    "fireworks_ai",
    "perplexity",
    "databricks",
    "watsonx",
    "huggingface",
    "litellm_proxy",
    "text-completion-openai",
    "custom_openai",
];

impl ModelRow {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.params.get(name).and_then(Value::as_f64)
    }

    pub(crate) fn model(&self) -> &str {
        self.param("model").unwrap_or_default()
    }

    pub(crate) fn provider(&self) -> &str {
        let prefix = self.model().split_once('/').map(|(provider, _)| provider);
        match self.param("custom_llm_provider").or(prefix) {
            Some(provider) => provider,
            // A few bare names are in LiteLLM's cost map.
            None if self.model().starts_with("claude-") => "anthropic",
            None if self.model().starts_with("gpt-") => "openai",
            None => "",
        }
    }

    /// A row with an unknown provider is stored but never becomes a deployment.
    pub(crate) fn is_live(&self) -> bool {
        PROVIDERS.contains(&self.provider())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) seq: u64,
    pub(crate) token: String,
    pub(crate) fields: Row,
}

impl KeyRow {
    pub(crate) fn expires(&self) -> Option<DateTime<Utc>> {
        self.str("expires")?.parse().ok()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TeamRow {
    pub(crate) seq: u64,
    pub(crate) id: String,
    pub(crate) fields: Row,
}

#[derive(Debug, Clone)]
pub(crate) struct CredentialRow {
    pub(crate) seq: u64,
    pub(crate) name: String,
    pub(crate) display_name: Value,
    pub(crate) info: Row,
    pub(crate) values: Row,
}

macro_rules! field_access {
    ($row:ty) => {
        impl $row {
            pub(crate) fn str(&self, name: &str) -> Option<&str> {
                self.fields.get(name).and_then(Value::as_str)
            }

            pub(crate) fn strings(&self, name: &str) -> Vec<&str> {
                let items = self.fields.get(name).and_then(Value::as_array);
                items.into_iter().flatten().filter_map(Value::as_str).collect()
            }

            pub(crate) fn number(&self, name: &str) -> Option<f64> {
                self.fields.get(name).and_then(Value::as_f64)
            }

            pub(crate) fn is_blocked(&self) -> bool {
                self.fields.get("blocked") == Some(&Value::Bool(true))
            }

            /// The strings of a list field; empty if it is absent.
            pub(crate) fn list(&self, name: &str) -> Vec<&str> {
                match self.fields.get(name) {
                    Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
                    _ => Vec::new(),
                }
            }

            pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
                self.fields.insert(name.to_owned(), value.into());
            }

            pub(crate) fn add_spend(&mut self, cost: f64) {
                let spend = self.number("spend").unwrap_or_default() + cost;
                self.set("spend", spend);
                if self.fields.contains_key("total_spend") {
                    let total = self.number("total_spend").unwrap_or_default() + cost;
                    self.set("total_spend", total);
                }
            }
        }
    };
}

field_access!(KeyRow);
field_access!(TeamRow);
