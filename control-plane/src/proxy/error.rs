//! One error for every call to a proxy: what to do about it (`class`), what it was (`kind`), and safe text.
//!
//! Made by `http` from an answer or a transport failure, read by the reconciler. Holds no secret: its text has been
//! through [`super::message::redact`].

use std::time::Duration;

use super::message::{self, Reason};

/// What the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// No connection came about, so nothing was done. Try later.
    Unreachable,
    /// Timed out, broke off, or answered 5xx. Try later, after reading back.
    Retry,
    /// The proxy named a time to wait.
    RetryAfter(Duration),
    /// Overloaded (429 or 503 without a time). Back off.
    Busy,
    /// Refused for what was asked. The same request will be refused again: park it until the input changes.
    Rejected,
    /// Not LiteLLM's way of answering (a redirect, an HTML page, too large, another shape). A person should look.
    Unexpected,
}

/// What it was. [`ErrorKind::code`] is stable and goes into the store and the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    AlreadyExists,
    /// The admin key is not accepted.
    Unauthorized,
    /// The admin key may not do this.
    Forbidden,
    /// Only with a LiteLLM licence.
    NeedsLicense,
    NoDatabase,
    /// `store_model_in_db` is off.
    NoModelStore,
    /// This version has no such route.
    RouteMissing,
    /// This version cannot take single parameters away.
    RemovalUnsupported,
    /// The request was refused as malformed, for a limit, or the like.
    Invalid,
    RateLimited,
    /// Of the key that called; never of the admin key.
    BudgetExceeded,
    ServerError,
    Timeout,
    ConnectFailed,
    ConnectionLost,
    /// The URL policy forbids the address that the proxy's name resolves to.
    AddressRefused,
    Redirect,
    TooLarge,
    NotLitellm,
}

impl ErrorKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NeedsLicense => "needs_license",
            Self::NoDatabase => "no_database",
            Self::NoModelStore => "no_model_store",
            Self::RouteMissing => "route_missing",
            Self::RemovalUnsupported => "removal_unsupported",
            Self::Invalid => "invalid",
            Self::RateLimited => "rate_limited",
            Self::BudgetExceeded => "budget_exceeded",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::ConnectFailed => "connect_failed",
            Self::ConnectionLost => "connection_lost",
            Self::AddressRefused => "address_refused",
            Self::Redirect => "redirect",
            Self::TooLarge => "too_large",
            Self::NotLitellm => "not_litellm",
        }
    }
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct ProxyError {
    /// Name of the call, for example `create_key`.
    pub call: &'static str,
    pub class: ErrorClass,
    pub kind: ErrorKind,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Redacted, at most [`message::MAX_CHARS`] characters.
    pub message: String,
    /// Whether the call may have been done all the same.
    ambiguous: bool,
}

impl ProxyError {
    /// Whether the call may have been done all the same (timeout, connection lost after sending, 5xx, unreadable 2xx):
    /// read back before deciding anything.
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// The object is not there, over LiteLLM's 400, 404 and 500 for it. Never true for an answer that is not LiteLLM's,
    /// such as a load balancer's own 404 page.
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    pub fn is_already_exists(&self) -> bool {
        self.kind == ErrorKind::AlreadyExists
    }

    /// The proxy as a whole does not accept the admin key: no other call will fare better.
    pub fn is_unauthorized(&self) -> bool {
        self.kind == ErrorKind::Unauthorized
    }

    /// An error without an answer. Ambiguous iff `sent`.
    pub(super) fn transport(
        call: &'static str,
        class: ErrorClass,
        kind: ErrorKind,
        sent: bool,
        message: impl Into<String>,
    ) -> Self {
        Self { call, class, kind, status: None, message: message.into(), ambiguous: sent }
    }

    /// A 2xx that could not be understood: something was probably done.
    pub(super) fn unreadable(
        call: &'static str,
        status: u16,
        kind: ErrorKind,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Self { call, class: ErrorClass::Unexpected, kind, status: Some(status), message, ambiguous: true }
    }

    /// Classifies an answer outside 2xx. `secrets` are struck out of its text.
    pub(super) fn answer(
        call: &'static str,
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let reason = message::read(body);
        let (class, kind) = classify(status, retry_after, reason.as_ref());
        let text = match &reason {
            Some(reason) => message::redact(&reason.text, secrets),
            None => {
                format!("HTTP {status} with a body that is not LiteLLM's; check what stands before the proxy")
            }
        };
        let ambiguous = status >= 500 && class != ErrorClass::Rejected;
        Self { call, class, kind, status: Some(status), message: text, ambiguous }
    }
}

fn classify(status: u16, retry_after: Option<Duration>, reason: Option<&Reason>) -> (ErrorClass, ErrorKind) {
    use ErrorClass::{Busy, Rejected, Retry, RetryAfter, Unexpected};
    let wait = retry_after.map_or(Busy, RetryAfter);
    let Some(reason) = reason else {
        return match status {
            300..400 => (Unexpected, ErrorKind::Redirect),
            429 => (wait, ErrorKind::RateLimited),
            503 => (wait, ErrorKind::ServerError),
            500.. => (Retry, ErrorKind::ServerError),
            _ => (Unexpected, ErrorKind::NotLitellm),
        };
    };
    let text = reason.text.to_ascii_lowercase();
    let says = |words: &str| text.contains(words);
    // LiteLLM has no one status for these (LITELLM.md A.0, E), so the text decides first.
    if says("litellm enterprise") || says("enterprise license") {
        return (Rejected, ErrorKind::NeedsLicense);
    }
    if says("store_model_in_db") || says("only supported for db-stored models") {
        return (Rejected, ErrorKind::NoModelStore);
    }
    if says("no db connected") || says("db not connected") {
        return (Rejected, ErrorKind::NoDatabase);
    }
    // 400, 429 or 422, by version (LITELLM.md D).
    if reason.kind.as_deref() == Some("budget_exceeded") {
        return (Rejected, ErrorKind::BudgetExceeded);
    }
    match status {
        300..400 => (Unexpected, ErrorKind::Redirect),
        404 if reason.text == "Not Found" => (Rejected, ErrorKind::RouteMissing),
        405 => (Rejected, ErrorKind::RouteMissing),
        400 | 404
            if reason.kind.as_deref() == Some("not_found_error")
                || says("not found")
                || says("no keys found") =>
        {
            (Rejected, ErrorKind::NotFound)
        }
        409 => (Rejected, ErrorKind::AlreadyExists),
        400 if says("already exists") => (Rejected, ErrorKind::AlreadyExists),
        401 => (Rejected, ErrorKind::Unauthorized),
        403 => (Rejected, ErrorKind::Forbidden),
        408 => (Retry, ErrorKind::Timeout),
        429 => (wait, ErrorKind::RateLimited),
        503 => (wait, ErrorKind::ServerError),
        500.. => (Retry, ErrorKind::ServerError),
        _ => (Rejected, ErrorKind::Invalid),
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
