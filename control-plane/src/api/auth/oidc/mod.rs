//! Signing in at an identity provider: `/api/auth/oidc/{provider}`

pub mod callback;
pub mod start;

use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::api::ApiState;

/// What a browser keeps while it is at the provider: the secret of the sign-in, and where to go on to.
const COOKIE: &str = "reeve_sign_in";

fn cookie(state: &ApiState, value: String) -> Cookie<'static> {
    // Lax: it must come along when the provider sends the browser back.
    Cookie::build((COOKIE, value))
        .path("/api/auth/oidc")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.secure_cookies)
        .build()
}

/// Where a provider sends browsers back to.
pub fn redirect_uri(state: &ApiState, provider: &str) -> String {
    format!("{}/api/auth/oidc/{provider}/callback", state.public_url)
}
