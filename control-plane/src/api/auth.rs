//! Who asks. One admin token so far; people and roles have their place here: a check that ends in an [`Actor`].

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::{Choice, ConstantTimeEq as _};

use super::{ApiState, problem::Problem};
use crate::base::{hash::sha256_hex, secret::Secret};

/// The admin tokens that count, as SHA-256 (hex).
#[derive(Clone)]
pub struct AdminToken(Vec<String>);

impl AdminToken {
    /// From the stored hash.
    pub fn from_hash(hash: impl Into<String>) -> Self {
        Self(vec![hash.into()])
    }

    pub fn from_plain(token: &Secret) -> Self {
        Self(vec![sha256_hex(token.expose())])
    }

    /// Both count.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Compares hashes, all of them, in constant time.
    fn accepts(&self, token: &str) -> bool {
        let hash = sha256_hex(token);
        let found = self
            .0
            .iter()
            .fold(Choice::from(0), |found, known| found | known.as_bytes().ct_eq(hash.as_bytes()));
        found.into()
    }
}

/// The authenticated caller, as audit rows name it.
#[derive(Clone, Debug)]
pub struct Actor(pub String);

/// The caller, or why it is none.
pub fn authenticate(state: &ApiState, headers: &HeaderMap) -> Result<Actor, Problem> {
    let unauthenticated = |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return unauthenticated("unauthenticated", "send the admin token as `Authorization: Bearer ...`");
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match token {
        Some(token) if state.admin_token.accepts(token) => Ok(Actor("admin".to_owned())),
        _ => unauthenticated("bad-token", "the token is not the admin token of this installation"),
    }
}

/// The layer before everything that is not open to all.
pub async fn require(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    match authenticate(&state, request.headers()) {
        Ok(actor) => {
            request.extensions_mut().insert(actor.clone());
            let mut response = next.run(request).await;
            response.extensions_mut().insert(actor);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "send the admin token as `Authorization: Bearer ...`",
            )
        })
    }
}
