//! Signing in and out: `/api/auth`

pub mod login;
pub mod logout;
pub mod oidc;
pub mod providers;
pub mod setup;
pub mod workload;

use axum::{
    Json,
    extract::FromRequestParts,
    http::{header, request::Parts},
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use super::{ApiState, caller::Caller, me::get::Me, observe::RequestId, problem::Problem};
use crate::service::sign_in::{Knock, Opened};

/// The session's cookie. With `__Host-` the browser itself holds it to this host, this path and TLS.
pub(super) fn cookie_name(state: &ApiState) -> &'static str {
    if state.secure_cookies { "__Host-reeve_session" } else { "reeve_session" }
}

fn cookie(state: &ApiState, value: String) -> Cookie<'static> {
    // Lax: a link from elsewhere opens the console signed in; what changes something needs the same origin anyway.
    Cookie::build((cookie_name(state), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.secure_cookies)
        .build()
}

/// Without an age of its own it goes with the browser; the server ends it in any case.
fn session_cookie(state: &ApiState, opened: &Opened) -> Cookie<'static> {
    cookie(state, opened.secret.expose().to_owned())
}

/// The answer to a sign-in: who that is, and the cookie.
fn opened(state: &ApiState, opened: &Opened) -> Response {
    let cookie = session_cookie(state, opened);
    let address = opened.session.address.clone();
    let caller = Caller::of_person(opened.person.clone(), opened.session.id, address);
    (CookieJar::new().add(cookie), Json(Me::of(&caller))).into_response()
}

impl<S: Sync> FromRequestParts<S> for Knock {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self {
            address: super::address::of(&parts.extensions),
            user_agent: user_agent.unwrap_or_default().to_owned(),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
        })
    }
}
