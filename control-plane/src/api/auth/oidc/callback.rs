//! `GET /api/auth/oidc/{provider}/callback`

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{COOKIE, cookie, redirect_uri};
use crate::{
    api::{
        ApiState, auth,
        extract::{ApiPath, ApiQuery},
        problem::{Problem, Result},
    },
    base::secret::Secret,
    service::{
        federation::{self, Returned},
        sign_in::Knock,
    },
};

/// Providers add parameters of their own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    pub code: Option<String>,
    #[serde(default)]
    pub state: String,
    /// Set when the provider refused.
    pub error: Option<String>,
}

/// Where the provider sends the browser back to: the session is opened, and the browser goes on.
#[utoipa::path(
    get, path = "/api/auth/oidc/{provider}/callback", tag = "access",
    params(("provider" = String, Path, description = "Name of the provider"), Callback),
    responses((status = 303, description = "To where the sign-in was begun")),
)]
pub async fn finish_oidc(
    State(state): State<ApiState>,
    ApiPath(provider): ApiPath<String>,
    ApiQuery(query): ApiQuery<Callback>,
    knock: Knock,
    jar: CookieJar,
) -> Result<Response> {
    let kept = jar.get(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let (secret, next) = kept.split_once('|').ok_or_else(federation::bad_state)?;
    let Some(code) = query.code.filter(|_| query.error.is_none()) else {
        let detail = "the provider refused the sign-in; try again, or ask who rules it";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "provider-refused", detail));
    };
    let secret = Secret::new(secret);
    let returned = Returned { code: &code, state: &query.state, secret: &secret };
    let redirect = redirect_uri(&state, &provider);
    let opened =
        federation::finish(&state.services, &state.issuers, &knock, &provider, &redirect, returned).await?;
    let mut used = cookie(&state, String::new());
    used.make_removal();
    let session = auth::session_cookie(&state, &opened);
    Ok((CookieJar::new().add(used).add(session), Redirect::to(federation::local(next))).into_response())
}
