//! A small OpenAI-like upstream that answers "pong" and says which key it was called with. It refuses keys that begin
//! with [`REFUSED`], and repeats them in what it says.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};

pub const REFUSED: &str = "sk-refused";

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

/// Stops with its test's runtime.
pub struct Upstream {
    address: std::net::SocketAddr,
    seen: Seen,
}

impl Upstream {
    pub async fn start() -> Self {
        let seen = Seen::default();
        let app = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/embeddings", post(embed))
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::task::spawn(async move { axum::serve(listener, app).await });
        Self { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The provider keys it was called with, in order.
    pub fn keys(&self) -> Vec<String> {
        self.seen.0.lock().expect("not poisoned").clone()
    }
}

async fn chat(
    State(seen): State<Seen>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let key = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    seen.0.lock().expect("not poisoned").push(key.clone());
    if let Some(refused) = key.strip_prefix("Bearer ").filter(|key| key.starts_with(REFUSED)) {
        let text = format!("Incorrect API key provided: {refused}.");
        let error = json!({ "message": text, "type": "invalid_request_error", "code": "invalid_api_key" });
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": error })));
    }
    let answer = json!({
        "id": format!("chatcmpl-{}", uuid::Uuid::new_v4().simple()), "object": "chat.completion", "created": 0,
        "model": body["model"],
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "pong" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30 },
    });
    (StatusCode::OK, Json(answer))
}

async fn embed(Json(body): Json<Value>) -> Json<Value> {
    Json(json!({
        "object": "list", "model": body["model"],
        "data": [{ "object": "embedding", "index": 0, "embedding": [0.1, 0.1, 0.1, 0.1] }],
        "usage": { "prompt_tokens": 5, "total_tokens": 5 },
    }))
}
