//! `GET /api/auth/oidc/{provider}/start`

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{cookie, redirect_uri};
use crate::{
    api::{
        ApiState,
        extract::{ApiPath, ApiQuery},
        problem::Result,
    },
    service::federation,
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// The path here to go on to; left out: `/`.
    pub next: Option<String>,
}

/// Begin to sign in at an identity provider: the browser is sent there.
#[utoipa::path(
    get, path = "/api/auth/oidc/{provider}/start", tag = "access",
    params(("provider" = String, Path, description = "Name of the provider"), Start),
    responses((status = 303, description = "To the provider")),
)]
pub async fn start_oidc(
    State(state): State<ApiState>,
    ApiPath(provider): ApiPath<String>,
    ApiQuery(query): ApiQuery<Start>,
) -> Result<Response> {
    let redirect = redirect_uri(&state, &provider);
    let begun = federation::begin(&state.services, &state.issuers, &provider, &redirect).await?;
    let next = federation::local(query.next.as_deref().unwrap_or("/"));
    let kept = cookie(&state, format!("{}|{next}", begun.secret.expose()));
    Ok((CookieJar::new().add(kept), Redirect::to(&begun.url)).into_response())
}
