//! Checks of a proxy: does it really refuse what it is told to refuse?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is tried, each with a virtual key made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A key without models calls one.
    NoModels,
    /// A key calls a model outside its list.
    ModelInBody,
    /// A key calls a model of its list, and names another one in the query string (BerriAI/litellm#41810). A front that drops the
    /// query closes it.
    ModelInQuery,
    /// A key calls a provider through a pass-through route.
    PassThrough,
    /// A key lists keys.
    Management,
}

impl Check {
    pub const ALL: [Self; 5] =
        [Self::NoModels, Self::ModelInBody, Self::ModelInQuery, Self::PassThrough, Self::Management];
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    pub check: Check,
    /// `true`: refused, as it should be. `null`: it could not be told.
    pub held: Option<bool>,
    /// HTTP status of the answer; null when there was none.
    pub status: Option<u16>,
}

/// What is done about a proxy that fails a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::Type, Serialize, Deserialize, ToSchema)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum EnforcementPolicy {
    /// It is shown.
    #[default]
    Warn,
    /// Nobody may use anything there until every check holds.
    Require,
}

impl EnforcementPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Require => "require",
        }
    }
}

/// What follows of the results: what failed once stays failed until it is seen to hold, and what cannot be told changes nothing.
pub fn enforced(results: &[CheckResult], before: Option<bool>) -> Option<bool> {
    if results.iter().any(|r| r.held == Some(false)) {
        Some(false)
    } else if !results.is_empty() && results.iter().all(|r| r.held == Some(true)) {
        Some(true)
    } else {
        before
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, CheckResult, enforced};

    #[test]
    fn what_cannot_be_told_changes_nothing() {
        let of = |held: &[Option<bool>]| -> Vec<CheckResult> {
            held.iter()
                .map(|held| CheckResult { check: Check::NoModels, held: *held, status: None })
                .collect()
        };
        let (yes, no, unknown) = (Some(true), Some(false), None);
        for before in [None, yes, no] {
            assert_eq!(enforced(&of(&[yes, yes]), before), yes);
            assert_eq!(enforced(&of(&[yes, no, unknown]), before), no);
            assert_eq!(enforced(&of(&[yes, unknown]), before), before);
            assert_eq!(enforced(&[], before), before);
        }
    }
}
