//! Secret text: no Debug content, no Display, no Serialize; wiped when dropped; compared in constant time.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A secret string. The only way to its content is [`Secret::expose`], which is easy to search for.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The plaintext. Every use of it is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown of it: `...` and its last four characters, or `...` alone when it is short, or is a JSON object: of several
    /// secrets, the last may be short.
    pub fn fingerprint(&self) -> String {
        let tail: Vec<char> = self.0.chars().rev().take(4).collect();
        if self.0.chars().count() < 16 || self.0.trim_start().starts_with('{') {
            return "...".to_owned();
        }
        format!("...{}", tail.into_iter().rev().collect::<String>())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_expose_shows_it() {
        let secret = Secret::new("sk-0123456789abcdefWXYZ");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.fingerprint(), "...WXYZ");
        assert_eq!(Secret::new("short").fingerprint(), "...");
        assert_eq!(Secret::new(r#"{"tenant_id": "0123456789", "client_secret": "s"}"#).fingerprint(), "...");
        assert_eq!(secret.expose(), "sk-0123456789abcdefWXYZ");
    }
}
