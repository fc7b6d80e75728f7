//! Why a command did not succeed, and the exit code that says so. The codes are public: docs/CLI.md lists them, scripts
//! rely on them, they do not change.

use serde_json::Value;

/// Everything that can end a command early. `Display` is what the person reads.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was typed cannot be meant. Code 2, as clap's own.
    #[error("{0}")]
    Usage(String),
    /// The control plane answered with an error.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// It was done, but is not in effect everywhere. Code 6.
    #[error("{0}")]
    NotConverged(String),
    /// No answer came. Code 7.
    #[error("{0}")]
    Unreachable(String),
    /// Code 1.
    #[error("{0}")]
    Unexpected(String),
}

/// The problem document of an answer (RFC 9457), with Reeve's own fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub title: String,
    /// Stable code, such as `invalid-field`; empty when the answer was no problem document.
    pub code: String,
    pub detail: String,
    pub field: Option<String>,
    pub request_id: Option<String>,
}

impl Problem {
    /// Reads an error's body. What is no problem document, such as the page of a front before the control plane, is
    /// not shown: it says nothing to a person.
    pub fn read(status: u16, body: &Value, request_id: Option<String>) -> Self {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            status,
            title: text("title").unwrap_or_default(),
            code: text("code").unwrap_or_default(),
            detail: text("detail").unwrap_or_else(|| {
                format!(
                    "the answer is HTTP {status} without a problem document; is REEVE_URL a control plane?"
                )
            }),
            field: text("field"),
            request_id: text("requestId").or(request_id),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        let mut facts = vec![format!("HTTP {}", self.status)];
        if !self.code.is_empty() {
            facts.push(self.code.clone());
        }
        facts.extend(self.field.as_ref().map(|field| format!("field {field}")));
        facts.extend(self.request_id.as_ref().map(|id| format!("request {id}")));
        write!(f, "\n({})", facts.join(", "))
    }
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unexpected(_) => 1,
            Self::Usage(_) => 2,
            Self::NotConverged(_) => 6,
            Self::Unreachable(_) => 7,
            Self::Refused(problem) => match problem.status {
                401 | 403 => 8,
                404 => 3,
                409 | 412 => 5,
                502..=504 => 7,
                400..=499 => 4,
                _ => 1,
            },
        }
    }
}
