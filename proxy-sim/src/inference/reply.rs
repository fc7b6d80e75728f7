//! Answers in OpenAI's shapes: the simulator's own, and the cutting of one into server-sent events.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Kind;
use crate::clock::new_id;

/// What the simulator says where no upstream is: 10 tokens in, 20 out, as LiteLLM's mock. All but embeddings are
/// chat answers until `shaped`.
pub(super) fn own(kind: Kind, text: &str, now: DateTime<Utc>) -> Value {
    match kind {
        Kind::CountTokens => json!({ "usage": {} }),
        Kind::Chat | Kind::Completions | Kind::Responses | Kind::Messages => json!({
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

/// A chat answer in the shape of the route that was called.
pub(super) fn shaped(kind: Kind, answer: &Value) -> Value {
    let content = &answer["choices"][0]["message"]["content"];
    let used = |name: &str| answer["usage"][name].as_u64().unwrap_or_default();
    let (input, output) = (used("prompt_tokens"), used("completion_tokens"));
    match kind {
        Kind::Chat | Kind::Embeddings => answer.clone(),
        Kind::CountTokens => json!({ "input_tokens": 8, "litellm_count_source": "local_estimate" }),
        Kind::Completions => json!({
            "id": answer["id"], "object": "text_completion", "created": answer["created"], "model": answer["model"],
            "choices": [{ "index": 0, "finish_reason": "stop", "text": content, "logprobs": null }],
            "usage": answer["usage"],
        }),
        Kind::Responses => json!({
            "id": format!("resp_{}", new_id()), "object": "response", "created_at": answer["created"],
            "status": "completed", "model": answer["model"], "error": null,
            "output": [{
                "type": "message", "id": format!("msg_{}", new_id()), "status": "completed", "role": "assistant",
                "content": [{ "type": "output_text", "text": content, "annotations": [] }],
            }],
            "usage": { "input_tokens": input, "output_tokens": output, "total_tokens": input + output },
        }),
        Kind::Messages => json!({
            "id": format!("msg_{}", new_id()), "type": "message", "role": "assistant", "model": answer["model"],
            "content": [{ "type": "text", "text": content }],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": { "input_tokens": input, "output_tokens": output },
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
