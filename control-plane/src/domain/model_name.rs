//! The name under which the fleet knows a model: `{provider}/{slug(name)}`.
//!
//! Used by the service when a model is registered, by the store when one is read, and by [`super::access`],
//! whose lists take nothing else. It must not let through any text to which LiteLLM gives a meaning.

use std::fmt;

use serde::{Serialize, Serializer};

use super::provider::Provider;

/// Longest name an admin may type, in characters.
pub const MAX_NAME_CHARS: usize = 120;

/// Longest `{provider}/{slug}`, in bytes (it is ASCII).
pub const MAX_MODEL_NAME_BYTES: usize = 160;

/// Words that LiteLLM reads as something other than one model's name (LITELLM.md A.2, and `SpecialModelNames` in its
/// `_types.py`).
pub const RESERVED: [&str; 5] =
    ["all-team-models", "all-proxy-models", "no-default-models", "all-models", "default-models"];

/// A model's name on the proxies, for example `openai/gpt-4o`. Unique in the registry and immutable.
///
/// A registered one is `{provider}/{slug}`. One that was taken over from a proxy keeps the name that its callers use: letters,
/// digits and `._:@/+-`, starting with a letter or a digit. Either can be no wildcard and none of LiteLLM's special words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LitellmModelName(String);

/// Why a name is refused. The text names the field, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelNameError {
    #[error("name: is empty; give the model a name such as \"GPT-4o\"")]
    Empty,
    #[error("name: has {0} characters; use at most {MAX_NAME_CHARS}")]
    TooLong(usize),
    #[error("name: contains a control character; use letters, digits, spaces and punctuation only")]
    ControlCharacter,
    #[error("name: \"{0}\" contains `*`, which LiteLLM reads as a wildcard; name one model")]
    Wildcard(String),
    #[error("name: LiteLLM gives \"{0}\" a meaning of its own; choose another name")]
    Reserved(String),
    #[error(
        "name: \"{0}\" has no letter or digit from a-z, 0-9; add one, the name on the proxies is made of them"
    )]
    EmptySlug(String),
    #[error("litellmModelName: \"{0}\" is no name of one model in [A-Za-z0-9._:@/+-]")]
    Malformed(String),
}

/// Lower case; every run of characters outside `[a-z0-9._]` becomes one `-`; no `-`, `.` or `_` at either end.
///
/// `slug("GPT 4.1 (mini)") == "gpt-4.1-mini"`. Empty when nothing is left.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches(['-', '.', '_']).to_owned()
}

/// The name on the proxies of the model that an admin calls `name`.
pub fn litellm_model_name(provider: Provider, name: &str) -> Result<LitellmModelName, ModelNameError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(ModelNameError::Empty);
    }
    let chars = name.chars().count();
    if chars > MAX_NAME_CHARS {
        return Err(ModelNameError::TooLong(chars));
    }
    if name.chars().any(char::is_control) {
        return Err(ModelNameError::ControlCharacter);
    }
    if name.contains('*') {
        return Err(ModelNameError::Wildcard(name.to_owned()));
    }
    let slug = slug(name);
    if slug.is_empty() {
        return Err(ModelNameError::EmptySlug(name.to_owned()));
    }
    if RESERVED.contains(&slug.replace(['_', '.'], "-").as_str()) {
        return Err(ModelNameError::Reserved(name.to_owned()));
    }
    LitellmModelName::parse(&format!("{}/{slug}", provider.name()))
}

impl LitellmModelName {
    /// Takes a name that was made by [`litellm_model_name`] before, or that a model to be taken over has on its proxy.
    pub fn parse(text: &str) -> Result<Self, ModelNameError> {
        let sound = text.len() <= MAX_MODEL_NAME_BYTES
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !text.ends_with('/')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:@/+-".contains(c));
        let plain = text.to_ascii_lowercase().replace(['_', '.'], "-");
        // Not an id either: a model is found by both.
        if !sound || RESERVED.contains(&plain.as_str()) || uuid::Uuid::try_parse(text).is_ok() {
            return Err(ModelNameError::Malformed(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LitellmModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for LitellmModelName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Result<String, ModelNameError> {
        litellm_model_name(Provider::parse("openai").unwrap(), text).map(|name| name.to_string())
    }

    #[test]
    fn a_name_becomes_provider_and_slug() {
        assert_eq!(name("GPT-4o").unwrap(), "openai/gpt-4o");
        assert_eq!(name("  GPT 4.1 (mini) ").unwrap(), "openai/gpt-4.1-mini");
        assert_eq!(name("team_a/llama 3").unwrap(), "openai/team_a-llama-3");
    }

    #[test]
    fn names_with_a_meaning_in_litellm_are_refused() {
        for word in ["*", "openai/*", "gpt-*"] {
            assert!(matches!(name(word), Err(ModelNameError::Wildcard(_))), "{word}");
        }
        for word in ["all-team-models", "All Proxy Models", "no-default-models", "no_default_models"] {
            assert!(matches!(name(word), Err(ModelNameError::Reserved(_))), "{word}");
        }
        assert_eq!(name("  "), Err(ModelNameError::Empty));
        assert_eq!(name("a\tb"), Err(ModelNameError::ControlCharacter));
        assert!(matches!(name("模型"), Err(ModelNameError::EmptySlug(_))));
        assert!(matches!(name("---"), Err(ModelNameError::EmptySlug(_))));
        assert_eq!(name(&"x".repeat(121)), Err(ModelNameError::TooLong(121)));
    }

    #[test]
    fn only_the_name_of_one_model_is_parsed() {
        let words = [
            "",
            "*",
            "openai/*",
            "a b",
            "a\tb",
            "a/",
            "/b",
            "-a",
            "é",
            "01a21c80-346c-77cb-8c18-40606779b27d",
        ];
        for word in words.into_iter().chain(RESERVED).chain(["No_Default_Models"]) {
            assert!(LitellmModelName::parse(word).is_err(), "{word}");
        }
        for word in ["openai/gpt-4o", "gpt-4o", "GPT-4o", "azure/eu/gpt-4o", "claude@2026:latest"] {
            assert!(LitellmModelName::parse(word).is_ok(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_sound_and_stable(text in "\\PC{1,130}") {
            if let Ok(name) = name(&text) {
                prop_assert!(LitellmModelName::parse(&name).is_ok());
                let (_, tail) = name.split_once('/').unwrap();
                prop_assert_eq!(slug(tail), tail);
            }
        }
    }
}
