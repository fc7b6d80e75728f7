//! What can go wrong in the agent, in words that say what to do. Every fallible function of the crate returns
//! [`AgentError`].

use std::path::PathBuf;

use serde::Deserialize;

/// Why the agent cannot do what it was asked. No text in here holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(
        "`{given}` is not the URL of a control plane: {problem}; expected for example https://reeve.example"
    )]
    Url { given: String, problem: String },
    #[error("there is no identity at {}: run `reeve-agent enroll` first", path.display())]
    NoIdentity { path: PathBuf },
    #[error("the identity at {} may not be used: {problem}", path.display())]
    Identity { path: PathBuf, problem: String },
    #[error("{action} {} failed: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is not as this program writes it: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("another program (process {pid}) holds the session of {}", path.display())]
    Held { path: PathBuf, pid: String },
    #[error("cryptography failed while {doing}")]
    Crypto { doing: &'static str },
    #[error("the control plane at {url} cannot be reached: {problem}")]
    Unreachable { url: String, problem: String },
    #[error("the control plane refused: {0}")]
    Refused(Problem),
}

/// A problem document (`application/problem+json`) of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable and documented, such as `agent-unknown`. Empty when the answer was not a problem document.
    pub code: String,
    pub title: String,
    pub detail: String,
    pub request_id: String,
}

impl Problem {
    /// Reads the body of an error answer; what is not a problem document keeps only its HTTP status.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let problem: Self = serde_json::from_slice(body).unwrap_or_default();
        Self { status, ..problem }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        match (self.detail.is_empty(), self.title.is_empty()) {
            (false, _) => write!(f, ": {}", self.detail)?,
            (true, false) => write!(f, ": {}", self.title)?,
            (true, true) => {}
        }
        if !self.request_id.is_empty() {
            write!(f, " (request {})", self.request_id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_problem_reads_as_a_person_would_say_it() {
        let body = br#"{"type":"x","title":"Unauthorized","status":401,"code":"token-expired","detail":"The token has expired.","requestId":"r1"}"#;
        assert_eq!(
            Problem::read(401, body).to_string(),
            "HTTP 401 token-expired: The token has expired. (request r1)"
        );
        assert_eq!(Problem::read(502, b"<html>").to_string(), "HTTP 502");
    }
}
