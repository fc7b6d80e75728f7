//! `Idempotency-Key` on POST: a repeat is answered from where the first answer can be read again.
//!
//! The record is written by the transaction of the change itself (`store::Tx`), so an answer that got lost is never
//! done twice. This layer only asks before, and again when the request lost a race against its twin.

use axum::{
    BoxError, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use tower::ServiceExt as _;

use super::{ApiState, answer, caller::Caller, problem::Problem, router::MAX_BODY, write::wait};
use crate::{
    base::{context::Idempotency, hash::sha256_hex},
    domain::error::Error,
    service::{Written, idempotent, sync::Sync},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_KEY: usize = 200;

/// What the layer needs: the state, and the routes that a replay reads from.
#[derive(Clone)]
pub struct Replay {
    pub state: ApiState,
    pub routes: Router,
}

pub async fn layer(State(replay): State<Replay>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match answer(&replay, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(replay: &Replay, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let bytes =
        to_bytes(body, MAX_BODY).await.map_err(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let idem = Idempotency { key: key(&parts.headers)?, fingerprint: fingerprint(path, &bytes) };
    let actor = parts.extensions.get::<Caller>().map(|caller| caller.actor.clone()).unwrap_or_default();
    let headers = parts.headers.clone();
    let services = &replay.state.services;
    if let Err(error) = idempotent::check(services, &actor, &idem).await {
        return repeat(replay, error, &headers).await;
    }
    parts.extensions.insert(idem.clone());
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    // Two at once: the one that came second was refused by the record, or by a rule that the first one's success
    // made true, such as a name that is taken now.
    if response.status() == StatusCode::CONFLICT
        && let Err(error @ Error::Replayed { .. }) = idempotent::check(services, &actor, &idem).await
    {
        return repeat(replay, error, &headers).await;
    }
    Ok(response)
}

/// Reads the first answer again, with how far its revision is by now.
async fn repeat(replay: &Replay, error: Error, headers: &HeaderMap) -> Result<Response, Problem> {
    let Error::Replayed { status, location, revision } = error else { return Err(error.into()) };
    if location.is_empty() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "idempotency-secret-shown",
            "this request was done, and its answer held a secret that is shown once; remove what it made and make a new one",
        ));
    }
    // The wait comes before the read, which then shows what was waited for.
    let objects = idempotent::objects(&replay.state.services, revision).await?;
    let first = Written { view: (), version: None, revision, objects, created: false };
    let wait = wait(headers);
    let sync = answer::settle(&replay.state, wait, &first).await?;
    let mut request = Request::get(location).body(Body::empty()).map_err(Error::internal)?;
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    let mut response = match replay.routes.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.status() == StatusCode::OK {
        response = with_sync(response, &sync).await.map_err(Error::internal)?;
        response.headers_mut().extend(answer::headers(wait, &first));
        if let Some(status) = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok()) {
            *response.status_mut() = status;
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A read as the answer to a write: with the `sync` of that write.
async fn with_sync(read: Response, sync: &Sync) -> Result<Response, BoxError> {
    let (mut parts, body) = read.into_parts();
    let mut body: Map<String, Value> = serde_json::from_slice(&to_bytes(body, usize::MAX).await?)?;
    body.insert("sync".to_owned(), serde_json::to_value(sync)?);
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(serde_json::to_vec(&body)?)))
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get(KEY).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-idempotency-key",
            "Idempotency-Key: expected 1 to 200 printable ASCII characters without spaces, such as a UUID",
        ));
    }
    Ok(key.to_owned())
}

fn fingerprint(path: &str, body: &Bytes) -> String {
    sha256_hex([b"POST ", path.as_bytes(), b"\n", body].concat())
}
