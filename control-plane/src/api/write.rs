//! What every write has beside its body: who asks and under which request, `If-Match`, `Prefer: wait`.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};

use super::problem::Problem;
use crate::base::context::Context;

/// Longest `Prefer: wait`.
const MAX_WAIT_SECONDS: u64 = 60;

/// The caller's side of a write.
#[derive(Debug)]
pub struct Write {
    pub ctx: Context,
    /// The version that the caller has seen.
    pub if_match: Option<i64>,
    /// How long the answer may be held until the change has arrived.
    pub wait: Option<Duration>,
}

impl<S: Sync> FromRequestParts<S> for Write {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            ctx: Context::from_request_parts(parts, state).await?,
            if_match: if_match(&parts.headers)?,
            wait: wait(&parts.headers),
        })
    }
}

/// `"<version>"`; `*` and absence match anything that exists.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|n| n.parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-if-match",
            "If-Match: expected the ETag of an answer, such as \"3\" with its quotes",
        )
    })
}

/// RFC 7240: what is not understood is ignored.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .find_map(|preference| {
            let (name, seconds) = preference.trim().split_once('=')?;
            let seconds: u64 = seconds.trim().trim_matches('"').parse().ok()?;
            (name.trim().eq_ignore_ascii_case("wait") && seconds > 0)
                .then(|| Duration::from_secs(seconds.min(MAX_WAIT_SECONDS)))
        })
}
