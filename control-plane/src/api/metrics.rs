//! `GET /metrics`: Prometheus' text format. Open to all, because it holds no secret and no name of an agent.

use axum::{extract::State, http::header, response::IntoResponse};

use super::ApiState;

#[utoipa::path(get, path = "/metrics", tag = "process", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(state): State<ApiState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.metrics)())
}
