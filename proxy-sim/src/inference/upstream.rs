//! The call to a deployment's OpenAI-compatible upstream, or the simulator's own answer where there is none.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::choose::Target;
use super::{Kind, reply};
use crate::error::ApiError;
use crate::world::World;

const TIMEOUT: Duration = Duration::from_mins(1);

/// The upstream's answer, whole (also for a streamed call, which is cut into events afterwards).
pub(super) async fn call(
    world: &World,
    target: &Target,
    kind: Kind,
    body: &Map<String, Value>,
) -> Result<Value, ApiError> {
    if kind == Kind::CountTokens {
        return Ok(reply::own(kind, "", world.clock.now()));
    }
    let base = match (&target.mock, &target.base) {
        (Some(text), _) => return Ok(reply::own(kind, text, world.clock.now())),
        (None, None) => return Ok(reply::own(kind, "pong", world.clock.now())),
        (None, Some(base)) => base.trim_end_matches('/'),
    };
    let (path, mut body) = sent(kind, body);
    body.insert("model".to_owned(), json!(target.model));
    let mut request = world.http.post(format!("{base}{path}")).timeout(TIMEOUT).json(&Value::Object(body));
    if let Some(key) = &target.api_key {
        request = request.bearer_auth(key);
    }
    let unreachable = || failed(target, 500, "InternalServerError", "Connection error.");
    let response = request.send().await.map_err(|_| unreachable())?;
    let status = response.status().as_u16();
    let text = response.text().await.map_err(|_| unreachable())?;
    match (status, serde_json::from_str(&text)) {
        (200, Ok(answer)) => Ok(answer),
        (401, _) => Err(failed(target, 401, "AuthenticationError", &text)),
        (429, _) => Err(failed(target, 429, "RateLimitError", &text)),
        (400..=499, _) => Err(failed(target, status, "BadRequestError", &text)),
        _ => Err(failed(target, 500, "InternalServerError", &text)),
    }
}

/// What goes to the upstream: embeddings as they are, everything else as a chat call, never streamed.
fn sent(kind: Kind, body: &Map<String, Value>) -> (&'static str, Map<String, Value>) {
    let mut body = body.clone();
    if kind == Kind::Embeddings {
        return ("/embeddings", body);
    }
    for name in ["stream", "stream_options"] {
        body.remove(name);
    }
    for name in ["prompt", "input"] {
        let messages = match body.remove(name) {
            None => continue,
            Some(Value::Array(messages)) => Value::Array(messages),
            Some(text) => json!([{ "role": "user", "content": text }]),
        };
        body.insert("messages".to_owned(), messages);
    }
    ("/chat/completions", body)
}

fn failed(target: &Target, status: u16, class: &str, text: &str) -> ApiError {
    let kind = match status {
        401 => "auth_error",
        429 => "throttling_error",
        400..=499 => "invalid_request_error",
        _ => "internal_server_error",
    };
    let message = format!(
        "litellm.{class}: {class}: OpenAIException - {text}\n\nLiteLLM: model group '{}' failed with the error above. No fallback was attempted.",
        target.group
    );
    ApiError::proxy(status, kind, None, message)
}
