//! The outermost layer: the request's id, one closing log line and one measurement per request, and the body of every
//! error. It never looks at bodies or queries.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use super::{
    ApiState,
    auth::Actor,
    problem::{MEDIA_TYPE, Problem},
};
use crate::domain::error::Error;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request: the caller's `X-Request-Id` when it is a sound one, else a new one.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

pub async fn observe(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| state.services.store.ids.uuid().to_string());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = next.run(request).instrument(span).await;

    if let Some(problem) = problem_of(&mut response) {
        log_cause(&problem, &id);
        response = write_problem(response, &problem, &id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    let actor = response.extensions().get::<Actor>().map_or("", |actor| actor.0.as_str());
    close(&method, &route, status, seconds, &id, actor);
    response
}

fn close(method: &axum::http::Method, route: &str, status: u16, seconds: f64, id: &str, actor: &str) {
    let labels =
        [("method", method.to_string()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::histogram!("reeve_http_request_seconds", &labels).record(seconds);
    let ms = (seconds * 1000.0).round();
    // Probes and scrapes come every few seconds and say nothing by themselves.
    if matches!(route, "/health" | "/ready" | "/metrics") {
        tracing::debug!(http.method = %method, http.route = route, http.status = status, http.ms = ms, request.id = id, "request");
    } else {
        tracing::info!(http.method = %method, http.route = route, http.status = status, http.ms = ms, request.id = id, actor, "request");
    }
}

/// 1 to 128 of letters, digits, `-`, `_`, `.`: what is safe in a log line and a header.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fine = (1..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    fine.then(|| text.to_owned())
}

/// What a handler said, or what a layer's plain error status means.
fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    let written = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE);
    ((status.is_client_error() || status.is_server_error()) && !written).then(|| Problem::of_status(status))
}

fn write_problem(response: Response, problem: &Problem, id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let body = serde_json::to_vec(&problem.body(id)).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

/// An internal error's whole chain, once, where it is handled.
fn log_cause(problem: &Problem, id: &str) {
    let Some(Error::Internal(source)) = problem.source() else { return };
    let mut text = source.to_string();
    let mut next = source.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    tracing::error!(request.id = id, error = text, "a request failed");
}
