//! Reading one variable and saying what is wrong with it; the sections use it. It must never put a value that may
//! hold a secret into an error.

use std::ops::RangeInclusive;

use url::Url;

use super::variables;
use crate::base::secret::Secret;

/// One variable that is wrong or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub variable: String,
    /// What is wrong and what was expected, as a sentence with an example.
    pub message: String,
}

/// All that is wrong with an environment; shown one per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.len();
        write!(f, "the environment has {count} problem{}:", if count == 1 { "" } else { "s" })?;
        for error in &self.0 {
            write!(f, "\n  {}: {}", error.variable, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Collects errors while the sections read what they need.
pub(super) struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    pub errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    pub fn new(get: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { get, errors: Vec::new() }
    }

    /// The trimmed value; `None` when unset or empty.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// The value, or else the default that [`variables::VARIABLES`] documents.
    pub fn text_or_default(&self, name: &str) -> String {
        self.text(name).or_else(|| variables::find(name).map(|v| v.default.to_owned())).unwrap_or_default()
    }

    /// The value or its documented default through `parse`; an error that says `expected` when that gives `None`.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.text_or_default(name);
        let parsed = parse(&value);
        if parsed.is_none() {
            let plain = variables::find(name).is_some_and(|variable| !variable.sensitive);
            let given = if plain { format!(", not `{value}`") } else { String::new() };
            self.wrong(name, &format!("expected {expected}{given}"));
        }
        parsed
    }

    pub fn number(&mut self, name: &str, allowed: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.parsed(name, &expected, |value| value.parse().ok().filter(|number| allowed.contains(number)))
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "`true` or `false`", |value| value.parse().ok())
    }

    /// An optional http(s) URL without user, query and fragment.
    pub fn url(&mut self, name: &str) -> Option<Url> {
        let value = self.text(name)?;
        let url = http_url(&value);
        if url.is_none() {
            self.wrong(name, "expected an http or https URL without user, password, query or fragment");
        }
        url
    }

    /// Records that `name` is wrong; the documented example is added.
    pub fn wrong(&mut self, name: &str, problem: &str) {
        let example = variables::find(name).map(|variable| variable.example).unwrap_or_default();
        let quote = if example.contains('`') { "" } else { "`" };
        let message = format!("{problem}; for example {quote}{example}{quote}");
        self.errors.push(ConfigError { variable: name.to_owned(), message });
    }
}

pub(super) fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}
