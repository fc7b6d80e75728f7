//! The inference routes: which there are, what each needs, and how each says no.

use serde_json::{Value, json};

use crate::error::ApiError;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chat,
    Completions,
    Embeddings,
    Responses,
    /// Anthropic's API.
    Messages,
    CountTokens,
}

impl Kind {
    pub(crate) fn of(method: &str, path: &str) -> Option<Self> {
        if method != "POST" {
            return None;
        }
        match path {
            "/v1/chat/completions" | "/chat/completions" => Some(Self::Chat),
            "/v1/completions" | "/completions" => Some(Self::Completions),
            "/v1/embeddings" | "/embeddings" => Some(Self::Embeddings),
            "/v1/responses" | "/responses" => Some(Self::Responses),
            "/v1/messages" => Some(Self::Messages),
            "/v1/messages/count_tokens" => Some(Self::CountTokens),
            _ => None,
        }
    }

    /// How LiteLLM's messages call the route.
    fn label(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completions => "/completions",
            Self::Embeddings => "/embeddings",
            Self::Responses => "/responses",
            Self::Messages | Self::CountTokens => "anthropic_messages",
        }
    }

    fn required(self) -> &'static str {
        match self {
            Self::Chat | Self::Messages | Self::CountTokens => "messages",
            Self::Completions => "prompt",
            Self::Embeddings | Self::Responses => "input",
        }
    }

    /// The parameter without which there is no call: 400, up to 1.80 500.
    pub(super) fn missing(self, body: &crate::db::Row, old: bool) -> Option<ApiError> {
        let name = self.required();
        if body.contains_key(name) {
            return None;
        }
        let message = format!("{}: Missing required parameter: '{name}'.", self.label());
        Some(self.shaped(if old {
            ApiError::proxy(500, "internal_server_error", None, message)
        } else {
            ApiError::proxy(400, "invalid_request_error", Some(name), message)
        }))
    }

    /// A model name that no deployment has.
    pub(super) fn unavailable(self, name: &str) -> ApiError {
        let message = format!(
            "{}: Invalid model name passed in model={name}. Call `/v1/models` to view available models for your key.",
            self.label()
        );
        let mut error = ApiError::proxy(400, "invalid_request_error", None, message.clone());
        error.body["error"]["provider_specific_fields"] = json!({ "error": message });
        self.shaped(error)
    }

    /// Anthropic's routes have Anthropic's error shape, once the rights are checked.
    pub(super) fn shaped(self, error: ApiError) -> ApiError {
        if !matches!(self, Self::Messages | Self::CountTokens) {
            return error;
        }
        let kind = match error.status {
            401 => "authentication_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        };
        let message: &Value = &error.body["error"]["message"];
        let body = json!({ "type": "error", "error": { "type": kind, "message": message } });
        ApiError { status: error.status, body }
    }
}
