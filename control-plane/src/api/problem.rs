//! Every error as `application/problem+json` (RFC 9457). The one place where a domain error becomes HTTP.
//!
//! A handler returns a [`Problem`]; [`super::observe`] writes its body, because that knows the request's id, and logs
//! the cause of an internal one, once.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::error::Error;

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered with what it asked for.
#[derive(Clone, Debug)]
pub struct Problem(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<String>,
    retry_after_seconds: Option<u32>,
    source: Option<Error>,
}

/// The body of an error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` says which error it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// Stable; every one is documented in docs/API-DESIGN.md.
    pub code: &'static str,
    /// For people: what is wrong, what was expected, what to do.
    pub detail: String,
    /// The field that is wrong, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The request's id, as in the log and in `X-Request-Id`.
    pub request_id: String,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            status,
            code,
            detail: detail.into(),
            field: None,
            retry_after_seconds: None,
            source: None,
        }))
    }

    pub fn in_field(
        status: StatusCode,
        code: &'static str,
        field: impl Into<String>,
        detail: impl std::fmt::Display,
    ) -> Self {
        let field = field.into();
        let inner = Inner {
            status,
            code,
            detail: format!("{field}: {detail}"),
            field: Some(field),
            retry_after_seconds: None,
            source: None,
        };
        Self(Arc::new(inner))
    }

    /// For a plain status that a layer answered with.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => {
                ("no-such-route", "there is no such path; GET /api/openapi.json lists them")
            }
            StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "the path does not take this method"),
            StatusCode::PAYLOAD_TOO_LARGE => ("payload-too-large", "the body is larger than 1 MiB"),
            status if status.is_client_error() => ("bad-request", "the request cannot be understood"),
            _ => ("internal", "internal error"),
        };
        Self::new(status, code, detail)
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The domain error behind it, for the log and for a replay.
    pub fn source(&self) -> Option<&Error> {
        self.0.source.as_ref()
    }

    /// The document.
    pub fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: "about:blank",
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            code: self.0.code,
            detail: self.0.detail.clone(),
            field: self.0.field.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
            Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Error::Conflict { code, .. } => (StatusCode::CONFLICT, *code),
            Error::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "version-mismatch"),
            Error::Unauthenticated { code, .. } => (StatusCode::UNAUTHORIZED, *code),
            Error::Forbidden { code, .. } => (StatusCode::FORBIDDEN, *code),
            // The idempotency layer answers this one; nobody sees it.
            Error::Replayed { .. } => (StatusCode::CONFLICT, "idempotency-key-reused"),
            Error::TooMany { code, .. } => (StatusCode::TOO_MANY_REQUESTS, *code),
            Error::Unavailable { code, .. } => (StatusCode::SERVICE_UNAVAILABLE, *code),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let field = match &error {
            Error::Invalid { field, .. } => Some(field.clone()),
            _ => None,
        };
        let retry_after_seconds = match &error {
            Error::Unavailable { retry_after_seconds, .. } | Error::TooMany { retry_after_seconds, .. } => {
                Some(*retry_after_seconds)
            }
            _ => None,
        };
        let detail = error.to_string();
        Self(Arc::new(Inner { status, code, detail, field, retry_after_seconds, source: Some(error) }))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What handlers return.
pub type Result<T = Response, E = Problem> = std::result::Result<T, E>;
