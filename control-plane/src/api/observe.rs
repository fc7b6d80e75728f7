//! The outermost layer: the request's id, one closing log line and one measurement per request, and the body of every
//! error. It never looks at bodies or queries.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use super::{
    ApiState, address,
    answer::{PREFERENCE_APPLIED, REVISION},
    caller::Caller,
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
    if let Some(found) = address::find(request.extensions(), request.headers(), &state.trusted_proxies) {
        request.extensions_mut().insert(found);
    }
    let started = Instant::now();
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = next.run(request).instrument(span).await;

    let problem = problem_of(&mut response);
    if let Some(problem) = &problem {
        log_cause(problem, &id);
        response = write_problem(response, problem, &id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let duration = started.elapsed();
    // A held answer is as long as its caller wished.
    if !response.headers().contains_key(PREFERENCE_APPLIED) {
        let labels = [("method", label(&method)), ("route", route.clone())];
        metrics::histogram!("reeve_http_request_seconds", &labels).record(duration.as_secs_f64());
    }
    close(&method, &route, &response, problem.as_ref(), &id, duration);
    response
}

/// Anybody may send any word as a method; a label must not hold them all.
fn label(method: &Method) -> String {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) { method.to_string() } else { "other".to_owned() }
}

/// The one closing line.
fn close(
    method: &Method,
    route: &str,
    response: &Response,
    problem: Option<&Problem>,
    id: &str,
    duration: Duration,
) {
    let status = response.status().as_u16();
    let labels = [("method", label(method)), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("reeve_http_requests_total", &labels).increment(1);
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let actor = response.extensions().get::<Caller>().map(|caller| caller.actor.as_str());
    let code = problem.map(Problem::code);
    let revision = response.headers().get(REVISION).and_then(|value| value.to_str().ok());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request.id = id,
                http.method = %method,
                http.route = route,
                http.status = status,
                actor,
                problem.code = code,
                revision,
                duration_ms,
                "request closed"
            )
        };
    }
    // Probes and scrapes come every few seconds and say nothing by themselves.
    if matches!(route, "/health" | "/ready" | "/metrics") {
        line!(debug);
    } else {
        line!(info);
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
