//! Bodies, paths and queries, with refusals in our own words: a value that was sent is never repeated, since it may be
//! a key in the wrong field.

use axum::{
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::problem::Problem;

/// A JSON body. Unknown fields are refused by the types themselves.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "send JSON with `Content-Type: application/json`",
            ));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(body_problem)?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug, Default)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = is_json(request.headers());
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(body_problem)?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if !typed {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "send JSON with `Content-Type: application/json`, or no body",
            ));
        }
        parse(&bytes).map(Self)
    }
}

/// Path parameters.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-path",
                "a part of the path is not of the form it should have, such as an id that is no UUID",
            )),
            Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad-path", "the path is not valid UTF-8")),
        }
    }
}

/// Query parameters.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad-query", detail);
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                use std::error::Error as _;
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                let (field, text) = text.split_once(": ").unwrap_or(("the query", &text));
                Err(bad(format!("{}: {}", short(field), wording(text))))
            }
            Err(_) => Err(bad("the query cannot be read".to_owned())),
        }
    }
}

/// Makes a `T` of JSON that was read before.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| refused(&error.path().to_string(), error.inner()))
}

/// For a field where `null` clears and absence keeps: `Some(None)` and `None`.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| refused(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| refused(".", &error))?;
    Ok(value)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn body_problem(rejection: BytesRejection) -> Problem {
    match axum::response::IntoResponse::into_response(rejection).status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Problem::new(StatusCode::BAD_REQUEST, "bad-body", "the body could not be read to its end"),
    }
}

fn refused(path: &str, error: &serde_json::Error) -> Problem {
    if error.is_syntax() || error.is_eof() || error.is_io() {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed-json",
            format!("the body is not JSON (line {}, column {})", error.line(), error.column()),
        );
    }
    let text = error.to_string();
    let (text, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    if let Some(field) = between(text, "unknown field `") {
        return Problem::in_field(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown-field",
            short(field),
            wording(text),
        );
    }
    let field = match between(text, "missing field `") {
        Some(field) => field.to_owned(),
        None => path.trim_matches('.').to_owned(),
    };
    let field = if field.is_empty() { "body".to_owned() } else { short(&field) };
    Problem::in_field(StatusCode::UNPROCESSABLE_ENTITY, "invalid", field, wording(text))
}

fn between<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.split('`').next()
}

/// serde's message without the value in it.
fn wording(text: &str) -> String {
    if text.starts_with("missing field") {
        return "is missing".to_owned();
    }
    let expected = text.find("expected ").map(|at| &text[at..]);
    match expected {
        Some(expected) if text.starts_with("unknown field") => format!("is not a known field; {expected}"),
        None if text.starts_with("unknown field") => "is not a known field; the body takes none".to_owned(),
        Some(expected) => expected.to_owned(),
        None => "is not of the form it should have".to_owned(),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
