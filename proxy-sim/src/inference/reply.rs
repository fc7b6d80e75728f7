//! Answers in OpenAI's shapes: the simulator's own, and the cutting of one into server-sent events.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Kind;
use crate::clock::new_id;

/// What the simulator says where no upstream is: 10 tokens in, 20 out, as LiteLLM's mock.
pub(super) fn own(kind: Kind, text: &str, now: DateTime<Utc>) -> Value {
    match kind {
        Kind::Chat => json!({
            "id": format!("chatcmpl-{}", new_id()),
            "object": "chat.completion",
            "created": now.timestamp(),
            "choices": [{
                "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text },
            }],
            "usage": { "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30 },
        }),
        Kind::Embeddings => json!({
            "object": "list",
            "data": [{ "object": "embedding", "index": 0, "embedding": [0.1, 0.1, 0.1, 0.1] }],
            "usage": { "prompt_tokens": 5, "completion_tokens": 0, "total_tokens": 5 },
        }),
    }
}

/// A chat answer as `text/event-stream`: one event a word, then the end.
pub(super) fn stream(answer: &Value) -> Response {
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    let event = |delta: Value, finish: Value| {
        let chunk = json!({
            "id": answer["id"],
            "object": "chat.completion.chunk",
            "created": answer["created"],
            "model": answer["model"],
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        format!("data: {chunk}\n\n")
    };
    let mut text = String::new();
    for (index, word) in content.split_inclusive(' ').enumerate() {
        let delta = if index == 0 {
            json!({ "role": "assistant", "content": word })
        } else {
            json!({ "content": word })
        };
        text.push_str(&event(delta, Value::Null));
    }
    text.push_str(&event(json!({}), json!("stop")));
    text.push_str("data: [DONE]\n\n");
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
