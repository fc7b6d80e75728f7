//! `litellm_params` of one deployment, rendered from what the registry knows.
//!
//! Called by the service to check what an admin typed and by the reconciler to render what goes to a proxy. The
//! result holds the provider's secret, so it has no Debug content, no Display and no Serialize.

use std::fmt;

use serde_json::{Map, Value};

use super::provider::{BaseUrl, Provider, SecretNeed};
use crate::base::secret::Secret;

/// Parameters that Reeve sets itself, or that would change where a call goes.
const OURS: [&str; 10] = [
    "model",
    "model_name",
    "model_info",
    "api_base",
    "base_url",
    "api_key",
    "custom_llm_provider",
    "litellm_credential_name",
    "use_litellm_proxy",
    "use_in_pass_through",
];

/// LiteLLM replaces a value that begins like this by the proxy's environment variable of that name.
const ENVIRONMENT: &str = "os.environ/";

/// What goes into `litellm_params`: the secret parameters apart from the others.
#[derive(Clone, PartialEq)]
pub struct LitellmParams {
    provider: Provider,
    public: Map<String, Value>,
    secret: Vec<(&'static str, Secret)>,
}

/// Why parameters are refused. The text names the field, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    #[error("modelId: is empty; give the id under which {0} knows the model")]
    NoModelId(&'static str),
    #[error("modelId: \"{0}\" contains whitespace or a control character; give the bare id")]
    OddModelId(String),
    #[error("baseUrl: {0} has no well-known address; give it, for example \"https://llm.example.com/v1\"")]
    NoBaseUrl(&'static str),
    #[error("baseUrl: {provider} takes none; its address follows from {from}")]
    BaseUrlRefused { provider: &'static str, from: String },
    #[error("apiKey: {0} needs one; give apiKey or credentialId")]
    NoSecret(&'static str),
    #[error("apiKey: as a JSON object for {provider} it must have exactly the string fields {sets}")]
    SecretFields { provider: &'static str, sets: String },
    #[error("apiKey: is empty")]
    EmptySecret,
    #[error("litellmParams.{field}: {provider} needs it; add it (azure, for example, needs api_version)")]
    Missing { provider: &'static str, field: &'static str },
    #[error("litellmParams.{0}: is set by Reeve; use the model's own fields")]
    Ours(String),
    #[error(
        "litellmParams.{0}: looks like a secret; give it as apiKey or in a credential, where it is sealed"
    )]
    LooksSecret(String),
    #[error(
        "{0}: begins with \"os.environ/\", which would read the proxy's environment; give the value itself"
    )]
    Environment(String),
}

/// Renders and checks. `further` are the admin's own non-secret parameters (`api_version`, `rpm`, prices, ...);
/// `base_url` has been through [`super::url_policy`].
pub fn render(
    provider: Provider,
    model_id: &str,
    base_url: Option<&str>,
    secret: Option<&Secret>,
    further: &Map<String, Value>,
) -> Result<LitellmParams, ParamsError> {
    let name = provider.name();
    if model_id.is_empty() {
        return Err(ParamsError::NoModelId(name));
    }
    if model_id.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ParamsError::OddModelId(model_id.escape_debug().to_string()));
    }
    if model_id.starts_with(ENVIRONMENT) {
        return Err(ParamsError::Environment("modelId".to_owned()));
    }
    check_further(further)?;
    let mut public = further.clone();
    public.insert("model".to_owned(), provider.upstream_model(model_id).into());
    match (provider.base_url(), base_url) {
        (BaseUrl::Required, None) => return Err(ParamsError::NoBaseUrl(name)),
        (BaseUrl::Refused, Some(_)) => {
            return Err(ParamsError::BaseUrlRefused { provider: name, from: provider.required().join(", ") });
        }
        (_, Some(url)) if url.starts_with(ENVIRONMENT) => {
            return Err(ParamsError::Environment("baseUrl".to_owned()));
        }
        (_, Some(url)) => {
            public.insert("api_base".to_owned(), url.into());
        }
        (_, None) => {}
    }
    if let Some(&field) = provider.required().iter().find(|field| !says_something(public.get(**field))) {
        return Err(ParamsError::Missing { provider: name, field });
    }
    let secret = match (secret, provider.secret()) {
        (Some(secret), _) => split_secret(provider, secret)?,
        (None, SecretNeed::Required) => return Err(ParamsError::NoSecret(name)),
        // LiteLLM's OpenAI client refuses to start without any key, also for a backend that asks for none.
        (None, SecretNeed::Optional) if provider.prefix() == "openai/" => {
            public.insert("api_key".to_owned(), "none".into());
            Vec::new()
        }
        (None, SecretNeed::Optional) => Vec::new(),
    };
    Ok(LitellmParams { provider, public, secret })
}

/// Refuses what an admin may not put among the further parameters, at any depth.
pub fn check_further(further: &Map<String, Value>) -> Result<(), ParamsError> {
    for (field, value) in further {
        // Before the check for our own names, because "looks like a secret" says better what to do.
        check_value(field, field, value)?;
        if OURS.contains(&field.to_ascii_lowercase().as_str()) {
            return Err(ParamsError::Ours(field.clone()));
        }
    }
    Ok(())
}

fn check_value(path: &str, field: &str, value: &Value) -> Result<(), ParamsError> {
    match value {
        // Numbers and switches are no secrets, whatever they are called: `input_cost_per_token`, `max_tokens`.
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        _ if looks_secret(field) => Err(ParamsError::LooksSecret(path.to_owned())),
        Value::String(text) if text.trim_start().starts_with(ENVIRONMENT) => {
            Err(ParamsError::Environment(format!("litellmParams.{path}")))
        }
        Value::String(_) => Ok(()),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(path, field, item)),
        Value::Object(fields) => {
            fields.iter().try_for_each(|(key, value)| check_value(&format!("{path}.{key}"), key, value))
        }
    }
}

/// Whether a parameter of this name would hold a secret, by the words in it.
pub fn looks_secret(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    let word = |word: &str| {
        matches!(
            word,
            "secret"
                | "secrets"
                | "token"
                | "password"
                | "passwd"
                | "credential"
                | "credentials"
                | "authorization"
                | "bearer"
                | "cookie"
                | "apikey"
                | "auth"
                | "key"
                | "keys"
                | "passphrase"
                | "signature"
        )
    };
    // A reference to a credential, not one.
    field != "litellm_credential_name" && field.split(|c: char| !c.is_ascii_alphanumeric()).any(word)
}

fn says_something(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

fn split_secret(provider: Provider, secret: &Secret) -> Result<Vec<(&'static str, Secret)>, ParamsError> {
    let text = secret.expose().trim();
    if text.is_empty() {
        return Err(ParamsError::EmptySecret);
    }
    if text.starts_with(ENVIRONMENT) {
        return Err(ParamsError::Environment("apiKey".to_owned()));
    }
    if provider.secret_sets().is_empty() || !text.starts_with('{') {
        return Ok(vec![(provider.secret_field(), secret.clone())]);
    }
    let refused = || ParamsError::SecretFields {
        provider: provider.name(),
        sets: provider.secret_sets().iter().map(|set| set.join(" + ")).collect::<Vec<_>>().join(", or "),
    };
    let fields: std::collections::BTreeMap<String, Secret> =
        serde_json::from_str(text).map_err(|_| refused())?;
    let set = provider
        .secret_sets()
        .iter()
        .find(|set| set.len() == fields.len() && set.iter().all(|field| fields.contains_key(*field)))
        .ok_or_else(refused)?;
    if fields.values().any(|value| value.expose().trim().is_empty()) {
        return Err(refused());
    }
    if fields.values().any(|value| value.expose().trim_start().starts_with(ENVIRONMENT)) {
        return Err(ParamsError::Environment("apiKey".to_owned()));
    }
    Ok(set.iter().filter_map(|field| fields.get(*field).map(|value| (*field, value.clone()))).collect())
}

impl LitellmParams {
    /// What may be shown, logged and hashed: everything but the secret parameters.
    pub fn public(&self) -> &Map<String, Value> {
        &self.public
    }

    /// The names of all parameters, sorted: what a proxy should list, except that it hides some secret ones.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.public.keys().map(String::as_str).chain(self.secret.iter().map(|(name, _)| *name)).collect();
        names.sort_unstable();
        names
    }

    /// The secret parts, so that whoever sends them can strike them out of an answer.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secret.iter().map(|(_, secret)| secret)
    }

    /// The whole object with its secrets in plaintext, for the body of a request and nothing else.
    pub fn expose(&self) -> Map<String, Value> {
        let mut all = self.public.clone();
        for (field, secret) in &self.secret {
            all.insert((*field).to_owned(), secret.expose().into());
        }
        all
    }

    /// The same, and in the place of every address and secret that is not among them a null: for a request in which LiteLLM
    /// fills what is not said from another deployment of the same upstream model. A key of that one would go to the address
    /// of this one.
    pub fn expose_alone(&self) -> Map<String, Value> {
        let mut all = self.expose();
        let secrets = self.provider.secret_sets().iter().copied().flatten().copied();
        for field in ALONE.iter().copied().chain([self.provider.secret_field()]).chain(secrets) {
            all.entry(field).or_insert(Value::Null);
        }
        all
    }
}

/// What says where a call goes and with which right, for every provider.
const ALONE: [&str; 5] = ["api_base", "base_url", "api_key", "litellm_credential_name", "extra_headers"];

impl fmt::Debug for LitellmParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LitellmParams")
            .field("provider", &self.provider)
            .field("public", &self.public)
            .field("secret", &self.secret.iter().map(|(name, _)| *name).collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
#[path = "litellm_params_tests.rs"]
mod tests;
