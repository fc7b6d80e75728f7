//! The providers Reeve can register models of, and what LiteLLM wants to know for each.
//!
//! One static table (LITELLM.md B, checked against `litellm` 1.109.1). The service asks it what a form needs,
//! [`super::litellm_params`] renders from it. It holds no secrets and decides nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A provider of the table. Cheap to copy; equal when the names are.
#[derive(Clone, Copy)]
pub struct Provider(&'static Spec);

/// Whether a model of this provider needs an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BaseUrl {
    /// The provider has no well-known address.
    Required,
    /// LiteLLM knows the address; one that is given replaces it.
    Optional,
    /// The address follows from other parameters (region, project).
    Refused,
}

/// Whether a model of this provider needs a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretNeed {
    Required,
    /// The proxy may have another way in: an instance role, or a backend that asks for none.
    Optional,
}

struct Spec {
    name: &'static str,
    /// What stands before the model's id in `litellm_params.model`.
    prefix: &'static str,
    /// Other prefixes an admin may already have typed for it.
    also: &'static [&'static str],
    base_url: BaseUrl,
    secret: SecretNeed,
    /// The parameter that takes a plain API key.
    secret_field: &'static str,
    /// The parameters that a secret given as a JSON object may have in place of it, in the sets that belong together.
    secret_sets: &'static [&'static [&'static str]],
    /// Further parameters without which LiteLLM cannot call the provider.
    required: &'static [&'static str],
    /// Further parameters worth showing in a form.
    optional: &'static [&'static str],
}

/// What most of the table's rows share.
const PLAIN: Spec = Spec {
    name: "",
    prefix: "",
    also: &[],
    base_url: BaseUrl::Optional,
    secret: SecretNeed::Required,
    secret_field: "api_key",
    secret_sets: &[],
    required: &[],
    optional: &[],
};

const AWS_SECRETS: &[&[&str]] = &[
    &["aws_access_key_id", "aws_secret_access_key"],
    &["aws_access_key_id", "aws_secret_access_key", "aws_session_token"],
    &["api_key"],
];
const AWS_OPTIONAL: &[&str] = &[
    "aws_role_name",
    "aws_session_name",
    "aws_external_id",
    "aws_profile_name",
    "aws_bedrock_runtime_endpoint",
];

static TABLE: [Spec; 24] = [
    Spec { name: "openai", prefix: "openai/", optional: &["organization"], ..PLAIN },
    Spec {
        name: "openai-compatible",
        prefix: "openai/",
        base_url: BaseUrl::Required,
        secret: SecretNeed::Optional,
        ..PLAIN
    },
    Spec { name: "anthropic", prefix: "anthropic/", ..PLAIN },
    Spec {
        name: "azure",
        prefix: "azure/",
        base_url: BaseUrl::Required,
        secret_sets: &[&["azure_ad_token"], &["tenant_id", "client_id", "client_secret"], &["api_key"]],
        required: &["api_version"],
        ..PLAIN
    },
    Spec { name: "azure_ai", prefix: "azure_ai/", base_url: BaseUrl::Required, ..PLAIN },
    Spec {
        name: "bedrock",
        prefix: "bedrock/",
        base_url: BaseUrl::Refused,
        secret: SecretNeed::Optional,
        secret_sets: AWS_SECRETS,
        required: &["aws_region_name"],
        optional: AWS_OPTIONAL,
        ..PLAIN
    },
    Spec {
        name: "sagemaker",
        prefix: "sagemaker_chat/",
        also: &["sagemaker/"],
        base_url: BaseUrl::Refused,
        secret: SecretNeed::Optional,
        secret_sets: AWS_SECRETS,
        required: &["aws_region_name"],
        optional: AWS_OPTIONAL,
        ..PLAIN
    },
    Spec { name: "gemini", prefix: "gemini/", ..PLAIN },
    Spec {
        name: "vertex_ai",
        prefix: "vertex_ai/",
        base_url: BaseUrl::Refused,
        secret_field: "vertex_credentials",
        required: &["vertex_project", "vertex_location"],
        ..PLAIN
    },
    Spec {
        name: "ollama",
        prefix: "ollama_chat/",
        also: &["ollama/"],
        secret: SecretNeed::Optional,
        ..PLAIN
    },
    Spec {
        name: "vllm",
        prefix: "hosted_vllm/",
        base_url: BaseUrl::Required,
        secret: SecretNeed::Optional,
        ..PLAIN
    },
    Spec { name: "groq", prefix: "groq/", ..PLAIN },
    Spec { name: "mistral", prefix: "mistral/", ..PLAIN },
    Spec { name: "openrouter", prefix: "openrouter/", ..PLAIN },
    Spec { name: "together_ai", prefix: "together_ai/", ..PLAIN },
    Spec { name: "deepseek", prefix: "deepseek/", ..PLAIN },
    Spec { name: "xai", prefix: "xai/", ..PLAIN },
    Spec { name: "cohere", prefix: "cohere/", also: &["cohere_chat/"], ..PLAIN },
    Spec { name: "fireworks_ai", prefix: "fireworks_ai/", ..PLAIN },
    Spec { name: "perplexity", prefix: "perplexity/", ..PLAIN },
    Spec { name: "databricks", prefix: "databricks/", base_url: BaseUrl::Required, ..PLAIN },
    Spec {
        name: "watsonx",
        prefix: "watsonx/",
        base_url: BaseUrl::Required,
        secret_sets: &[&["token"], &["api_key"]],
        required: &["project_id"],
        ..PLAIN
    },
    Spec { name: "huggingface", prefix: "huggingface/", ..PLAIN },
    Spec { name: "litellm_proxy", prefix: "litellm_proxy/", base_url: BaseUrl::Required, ..PLAIN },
];

/// A name that is not in the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provider: \"{given}\" is not known; use one of {}", known())]
pub struct UnknownProvider {
    given: String,
}

fn known() -> String {
    Provider::all().map(Provider::name).collect::<Vec<_>>().join(", ")
}

impl Provider {
    /// Every provider, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Provider)
    }

    /// Case and the difference between `-` and `_` do not matter: `Azure-AI` is `azure_ai`.
    pub fn parse(text: &str) -> Result<Self, UnknownProvider> {
        let wanted = normal(text);
        Self::all()
            .find(|provider| normal(provider.0.name) == wanted)
            .ok_or_else(|| UnknownProvider { given: text.chars().take(60).collect() })
    }

    /// The first part of a `litellmModelName`, for example `openai`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What stands before the model's id in `litellm_params.model`, with the slash: `hosted_vllm/`.
    pub fn prefix(self) -> &'static str {
        self.0.prefix
    }

    pub fn base_url(self) -> BaseUrl {
        self.0.base_url
    }

    pub fn secret(self) -> SecretNeed {
        self.0.secret
    }

    /// The parameter that a plain API key goes into.
    pub fn secret_field(self) -> &'static str {
        self.0.secret_field
    }

    /// The sets of parameters that a secret written as a JSON object may fill instead; empty when it may not.
    pub fn secret_sets(self) -> &'static [&'static [&'static str]] {
        self.0.secret_sets
    }

    /// Parameters without which the provider cannot be called, beside address and secret.
    pub fn required(self) -> &'static [&'static str] {
        self.0.required
    }

    /// Parameters worth offering in a form.
    pub fn optional(self) -> &'static [&'static str] {
        self.0.optional
    }

    /// Whether this `litellm_params.model` is one of its models.
    pub fn reads(self, upstream_model: &str) -> bool {
        upstream_model.starts_with(self.0.prefix)
            || self.0.also.iter().any(|prefix| upstream_model.starts_with(prefix))
    }

    /// `litellm_params.model` for an upstream model id; a prefix that is already there is not doubled.
    pub fn upstream_model(self, model_id: &str) -> String {
        let carries = |prefix: &str| model_id.len() > prefix.len() && model_id.starts_with(prefix);
        if carries(self.0.prefix) || self.0.also.iter().any(|prefix| carries(prefix)) {
            return model_id.to_owned();
        }
        format!("{}{model_id}", self.0.prefix)
    }
}

fn normal(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace('-', "_")
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Provider {}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.0.name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_to_themselves() {
        for provider in Provider::all() {
            assert_eq!(Provider::parse(provider.name()).unwrap(), provider);
            assert!(provider.prefix().ends_with('/'), "{provider}");
        }
        let mut names: Vec<_> = Provider::all().map(Provider::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        assert_eq!(Provider::parse("Azure-AI").unwrap().name(), "azure_ai");
        assert_eq!(Provider::parse("openai_compatible").unwrap().name(), "openai-compatible");
    }

    #[test]
    fn an_unknown_one_is_told_the_known_ones() {
        let text = Provider::parse("opanai").unwrap_err().to_string();
        assert!(
            text.starts_with("provider: \"opanai\" is not known; use one of openai, openai-compatible, "),
            "{text}"
        );
        assert!(text.ends_with("litellm_proxy"), "{text}");
    }

    #[test]
    fn each_has_its_own_prefix_and_it_is_not_doubled() {
        let model = |provider: &str, id: &str| Provider::parse(provider).unwrap().upstream_model(id);
        assert_eq!(model("openai", "gpt-4o"), "openai/gpt-4o");
        assert_eq!(model("openai", "openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(model("anthropic", "claude-x"), "anthropic/claude-x");
        assert_eq!(model("bedrock", "converse/eu.x"), "bedrock/converse/eu.x");
        assert_eq!(model("ollama", "llama3"), "ollama_chat/llama3");
        assert_eq!(model("ollama", "ollama/llama3"), "ollama/llama3");
        assert_eq!(model("vllm", "meta/llama"), "hosted_vllm/meta/llama");
        assert_eq!(model("openrouter", "openai/gpt-4o"), "openrouter/openai/gpt-4o");
        assert_eq!(model("sagemaker", "endpoint"), "sagemaker_chat/endpoint");
    }
}
