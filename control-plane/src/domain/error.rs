//! The one error of services and store. `api::problem` maps it to HTTP in one match; its codes are stable and
//! documented in docs/API-DESIGN.md.

use super::change::Revision;

/// Why a use case did not succeed. `Display` is safe to show to the caller; the source of `Internal` is only logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404
    #[error("there is no {what} {id:?}")]
    NotFound { what: &'static str, id: String },
    /// 422: one field, what was expected, what to do.
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
    /// 409 with a stable code.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// 412: `If-Match` named another version.
    #[error("it was changed meanwhile: you named version {named}, it is {current}; read it again and repeat")]
    Stale { named: String, current: i64 },
    /// 401
    #[error("{message}")]
    Unauthenticated { code: &'static str, message: String },
    /// 403
    #[error("{message}")]
    Forbidden { code: &'static str, message: String },
    /// The same `Idempotency-Key` was answered before: the API reads that answer's thing again.
    #[error("this Idempotency-Key was answered before")]
    Replayed { status: i32, location: String, revision: Option<Revision> },
    /// 429, try again.
    #[error("{message}")]
    TooMany { code: &'static str, message: String, retry_after_seconds: u32 },
    /// 503, try again.
    #[error("{message}")]
    Unavailable { code: &'static str, message: String, retry_after_seconds: u32 },
    /// 500: the caller sees a request id, the log the source chain.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    #[expect(clippy::needless_pass_by_value, reason = "ids are small, and callers read better without `&`")]
    pub fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}
