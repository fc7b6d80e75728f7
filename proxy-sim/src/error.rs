//! The error bodies of LiteLLM, by the shape it gives them. Made by every handler, written once by `serve`.
//!
//! LiteLLM has four shapes on the routes that Reeve calls: `{"error": {...}}` with a string `code`; the same with
//! a Python repr as message; `{"detail": ...}`; and a validation list. The texts are those of 1.109.1.

use serde_json::{Value, json};

/// A refused call: the HTTP status and the whole JSON body.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl ApiError {
    /// LiteLLM's own exception: `{"error": {message, type, param, code}}`.
    pub(crate) fn proxy(status: u16, kind: &str, param: Option<&str>, message: impl Into<String>) -> Self {
        let error = json!({
            "message": message.into(), "type": kind, "param": param, "code": status.to_string(),
        });
        Self { status, body: json!({ "error": error }) }
    }

    /// A FastAPI exception wrapped into that shape: the message is a Python repr of `{'error': ...}`.
    pub(crate) fn wrapped(status: u16, message: &str) -> Self {
        let kind = match status {
            401 | 403 => "auth_error",
            400..=499 => "invalid_request_error",
            _ => "internal_server_error",
        };
        Self::proxy(status, kind, None, repr("error", message))
    }

    /// `{"detail": ...}` as FastAPI writes it.
    pub(crate) fn detail(status: u16, detail: impl Into<Value>) -> Self {
        Self { status, body: json!({ "detail": detail.into() }) }
    }

    /// `{"detail": {"error": ...}}`.
    pub(crate) fn detail_error(status: u16, message: &str) -> Self {
        Self::detail(status, json!({ "error": message }))
    }

    /// A pydantic validation failure, 422.
    pub(crate) fn invalid(kind: &str, loc: &[&str], msg: &str) -> Self {
        Self::detail(422, json!([{ "type": kind, "loc": loc, "msg": msg }]))
    }

    pub(crate) fn missing(loc: &[&str]) -> Self {
        Self::invalid("missing", loc, "Field required")
    }

    /// What an unhandled Python exception becomes.
    pub(crate) fn internal() -> Self {
        let error = json!({ "message": "Internal server error", "type": "internal_server_error" });
        Self { status: 500, body: json!({ "error": error }) }
    }

    pub(crate) fn auth(message: &str) -> Self {
        Self::proxy(401, "auth_error", None, format!("Authentication Error, {message}"))
    }

    pub(crate) fn no_database() -> Self {
        Self::wrapped(500, NO_DATABASE)
    }
}

pub(crate) const NO_DATABASE: &str = "DB not connected. This endpoint needs a database; set DATABASE_URL to a \
    PostgreSQL connection string (postgresql://...) to enable it. See https://docs.litellm.ai/docs/proxy/virtual_keys";

/// `{'key': 'message'}` the way Python prints it: double quotes when the text holds a single one.
pub(crate) fn repr(key: &str, message: &str) -> String {
    if message.contains('\'') {
        format!("{{'{key}': \"{message}\"}}")
    } else {
        format!("{{'{key}': '{message}'}}")
    }
}
