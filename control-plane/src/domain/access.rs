//! What a team or a key may call: its explicit model list and its routes.
//!
//! Made by the planner of the reconciler, written by `proxy`. Nothing else may write the `models` field of a
//! LiteLLM request, because an empty list there means *all models*.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::model_name::LitellmModelName;

/// LiteLLM's word for "no model at all" (LITELLM.md A.2; tried on 1.80, 1.96 and 1.109: every call is refused).
pub const NO_MODELS: &str = "no-default-models";

/// The routes that a realm's key may call: inference, and the list of its own models. All of them check the
/// model against the key's and the team's list (tried on 1.80 and 1.109.1, Anthropic's messages and OpenAI's responses
/// too); management, files, pass-through and the like are refused with 403.
pub const INFERENCE_ROUTES: &[&str] = &[
    "/chat/completions",
    "/v1/chat/completions",
    "/completions",
    "/v1/completions",
    "/embeddings",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/responses",
    "/v1/responses",
    "/models",
    "/v1/models",
];

/// The explicit list of models of a team or a key, sorted and without duplicates.
///
/// Promise G1: LiteLLM reads `[]` as "all models", so this type has no way to say it. An empty list goes over the
/// wire as `["no-default-models"]`, and a [`LitellmModelName`] can be neither a wildcard nor a special word. It is
/// never read back from a proxy, hence no `Deserialize`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelList(BTreeSet<LitellmModelName>);

impl ModelList {
    /// The list that refuses every model.
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether it refuses every model.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The models, sorted. Empty when it refuses every model; use [`Self::wire`] for anything sent or compared.
    pub fn iter(&self) -> impl Iterator<Item = &LitellmModelName> {
        self.0.iter()
    }

    /// What stands in the `models` field, sorted; never empty.
    pub fn wire(&self) -> Vec<&str> {
        if self.0.is_empty() {
            return vec![NO_MODELS];
        }
        self.0.iter().map(LitellmModelName::as_str).collect()
    }

    /// Whether a proxy that lists `observed` (in any order) holds exactly this list.
    pub fn equals(&self, observed: &[String]) -> bool {
        let observed: BTreeSet<&str> = observed.iter().map(String::as_str).collect();
        self.wire().into_iter().collect::<BTreeSet<_>>() == observed
    }
}

impl FromIterator<LitellmModelName> for ModelList {
    fn from_iter<I: IntoIterator<Item = LitellmModelName>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Serialize for ModelList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wire().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(names: &[&str]) -> ModelList {
        names.iter().map(|name| LitellmModelName::parse(name).unwrap()).collect()
    }

    #[test]
    fn g1_an_empty_list_cannot_be_said() {
        let said = serde_json::json!(["no-default-models"]);
        assert_eq!(serde_json::to_value(ModelList::none()).unwrap(), said);
        assert_eq!(serde_json::to_value(ModelList::default()).unwrap(), said);
        assert_eq!(serde_json::to_value(list(&[])).unwrap(), said);
        assert!(!ModelList::none().equals(&[]), "a proxy's empty list is all models, not none");
        for word in ["*", "openai/*", "all-team-models", "all-proxy-models", "no-default-models", ""] {
            assert!(LitellmModelName::parse(word).is_err(), "{word} cannot enter a list");
        }
    }

    #[test]
    fn it_is_sorted_and_without_duplicates() {
        let list = list(&["openai/b", "openai/a", "openai/b"]);
        assert_eq!(serde_json::to_value(&list).unwrap(), serde_json::json!(["openai/a", "openai/b"]));
        assert!(list.equals(&["openai/b".to_owned(), "openai/a".to_owned()]));
        assert!(!list.equals(&["openai/a".to_owned()]));
    }

    proptest! {
        #[test]
        fn g1_no_list_says_all_models(names in prop::collection::vec("[a-z]{1,3}/[a-z0-9]{1,3}", 0..5)) {
            let list: ModelList = names.iter().filter_map(|name| LitellmModelName::parse(name).ok()).collect();
            prop_assert!(!list.wire().is_empty());
        }
    }
}
