//! The virtual key inside a document: the one secret of the protocol. It goes over the wire and nowhere else.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret API key. Serializes as its plaintext, because the wire is its purpose; Debug shows nothing of it, there is
/// no Display, and the memory is wiped when it is dropped. It is never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// A key with this plaintext, or `None` when it is empty.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = Zeroizing::new(text.into());
        (!text.is_empty()).then_some(Self(text))
    }

    /// The plaintext. Every use of it is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown of it: `...` and its last four characters, or `...` alone when it has fewer than 16.
    pub fn fingerprint(&self) -> String {
        let count = self.0.chars().count();
        if count < 16 {
            return "...".to_owned();
        }
        format!("...{}", self.0.chars().skip(count - 4).collect::<String>())
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).ok_or_else(|| serde::de::Error::custom("expected a key that is not empty"))
    }
}

impl JsonSchema for ApiKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ApiKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "writeOnly": true })
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn only_expose_shows_it() {
        let key = ApiKey::new("sk-0123456789abcdefWXYZ").unwrap();
        assert_eq!(format!("{key:?}"), "[secret]");
        assert_eq!(key.fingerprint(), "...WXYZ");
        assert_eq!(ApiKey::new("short").unwrap().fingerprint(), "...");
        assert_eq!(key.expose(), "sk-0123456789abcdefWXYZ");
        assert!(ApiKey::new("").is_none());
    }
}
