//! A config as environment variables: what OpenAI, LiteLLM and Anthropic clients read at their start.

use reeve_protocol::{Document, LlmConfig};

/// What to change in a program's environment. Debug shows no values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables to set; among the values is the key.
    pub set: Vec<(&'static str, String)>,
    /// Variables to remove: those that would send the program's own key to the proxy, or past it.
    pub remove: Vec<&'static str>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.set.iter().map(|(name, _)| name).collect();
        f.debug_struct("Environment").field("set", &names).field("remove", &self.remove).finish()
    }
}

/// The environment for a document; `None` when the program may use nothing (`unavailable`). In `env` state nothing is
/// changed.
///
/// The names are those that the clients document: the OpenAI SDKs (`OPENAI_BASE_URL`, `OPENAI_API_KEY`), older ones
/// (`OPENAI_API_BASE`), LiteLLM's SDK (`LITELLM_PROXY_API_BASE`, `LITELLM_PROXY_API_KEY`), and the Anthropic SDKs and
/// Claude Code (`ANTHROPIC_BASE_URL`, `ANTHROPIC_AUTH_TOKEN`, `ANTHROPIC_MODEL`). `OPENAI_MODEL` and `LITELLM_*` without
/// `PROXY` are conventions.
pub fn environment(document: &Document) -> Option<Environment> {
    match document {
        Document::Active(config) if config.provider == "anthropic" => Some(anthropic(config)),
        Document::Active(config) => Some(open_ai(config)),
        Document::Env => Some(Environment::default()),
        Document::Unavailable(_) => None,
    }
}

fn open_ai(config: &LlmConfig) -> Environment {
    let key = || config.api_key.expose().to_owned();
    // The proxy also speaks Anthropic's protocol, from its root.
    let base = config.base_url.trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    Environment {
        set: vec![
            ("OPENAI_BASE_URL", base.to_owned()),
            ("OPENAI_API_BASE", base.to_owned()),
            ("OPENAI_API_KEY", key()),
            ("OPENAI_MODEL", config.model.clone()),
            ("LITELLM_BASE_URL", root.to_owned()),
            ("LITELLM_API_KEY", key()),
            ("LITELLM_PROXY_API_BASE", root.to_owned()),
            ("LITELLM_PROXY_API_KEY", key()),
            ("ANTHROPIC_BASE_URL", root.to_owned()),
            ("ANTHROPIC_AUTH_TOKEN", key()),
            ("ANTHROPIC_MODEL", config.model.clone()),
        ],
        // Anthropic's clients would send it along with the token, to the proxy.
        remove: vec!["ANTHROPIC_API_KEY"],
    }
}

/// A key of Anthropic itself, which an admin typed (manual mode).
fn anthropic(config: &LlmConfig) -> Environment {
    let base = config.base_url.trim_end_matches('/');
    let root = base.strip_suffix("/v1").unwrap_or(base);
    Environment {
        set: vec![
            ("ANTHROPIC_BASE_URL", root.to_owned()),
            ("ANTHROPIC_API_KEY", config.api_key.expose().to_owned()),
            ("ANTHROPIC_MODEL", config.model.clone()),
        ],
        remove: vec!["ANTHROPIC_AUTH_TOKEN"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use reeve_protocol::{Detail, Document};

    use super::{Environment, environment};

    fn document(provider: &str, base_url: &str) -> Document {
        let config = serde_json::json!({
            "provider": provider, "model": "openai/gpt-4o", "baseUrl": base_url, "apiKey": "sk-marker"
        });
        Document::Active(Box::new(serde_json::from_value(config).unwrap()))
    }

    #[test]
    fn every_client_finds_the_proxy_and_the_key() {
        let environment = environment(&document("openai-compatible", "https://llm.example/v1/")).unwrap();
        let set: BTreeMap<_, _> =
            environment.set.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            set,
            BTreeMap::from([
                ("OPENAI_BASE_URL", "https://llm.example/v1"),
                ("OPENAI_API_BASE", "https://llm.example/v1"),
                ("OPENAI_API_KEY", "sk-marker"),
                ("OPENAI_MODEL", "openai/gpt-4o"),
                ("LITELLM_BASE_URL", "https://llm.example"),
                ("LITELLM_API_KEY", "sk-marker"),
                ("LITELLM_PROXY_API_BASE", "https://llm.example"),
                ("LITELLM_PROXY_API_KEY", "sk-marker"),
                ("ANTHROPIC_BASE_URL", "https://llm.example"),
                ("ANTHROPIC_AUTH_TOKEN", "sk-marker"),
                ("ANTHROPIC_MODEL", "openai/gpt-4o"),
            ])
        );
        assert_eq!(environment.remove, ["ANTHROPIC_API_KEY"]);
        assert!(!format!("{environment:?}").contains("sk-marker"));
    }

    #[test]
    fn a_key_of_anthropic_is_for_anthropic_only() {
        let environment = environment(&document("anthropic", "https://api.anthropic.com")).unwrap();
        assert!(environment.set.contains(&("ANTHROPIC_API_KEY", "sk-marker".to_owned())));
        assert!(environment.set.iter().all(|(name, _)| name.starts_with("ANTHROPIC_")));
    }

    #[test]
    fn env_changes_nothing_and_unavailable_gives_nothing() {
        assert_eq!(environment(&Document::Env), Some(Environment::default()));
        let detail = Detail { code: "no-grant".into(), message: String::new() };
        assert_eq!(environment(&Document::Unavailable(detail)), None);
    }
}
