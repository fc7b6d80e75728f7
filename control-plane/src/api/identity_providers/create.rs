//! `POST /api/identity-providers`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{GiveGroupRole, RegisteredProvider, registered};
use crate::{
    api::{ApiState, caller::Caller, extract::ApiJson, problem::Result, write::Write},
    base::secret::Secret,
    service::identity_providers::{self, NewIdentityProvider},
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateIdentityProvider {
    /// As it stands in URLs: 1 to 63 of `a-z 0-9 -`. The provider must send browsers back to
    /// `<public URL>/api/auth/oidc/<name>/callback`.
    pub name: String,
    /// Its URL, as its tokens name it.
    pub issuer: String,
    pub client_id: String,
    #[schema(value_type = String, write_only)]
    pub client_secret: Secret,
    /// Asked for, beside `openid`; left out: `email` and `profile`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that lists the groups of a person; left out: `groups`.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    #[serde(default)]
    pub group_roles: Vec<GiveGroupRole>,
    /// A verified email of it is the person of that email here. Only for a provider that lets nobody choose their email.
    #[serde(default)]
    pub trusts_email: bool,
}

fn scopes() -> Vec<String> {
    vec!["email".to_owned(), "profile".to_owned()]
}

fn groups_claim() -> String {
    "groups".to_owned()
}

/// Add an OpenID Connect provider that people sign in with.
#[utoipa::path(
    post, path = "/api/identity-providers", tag = "access",
    request_body = CreateIdentityProvider,
    responses((status = 201, body = RegisteredProvider)),
)]
pub async fn create_identity_provider(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<CreateIdentityProvider>,
) -> Result {
    let new = NewIdentityProvider {
        name: body.name,
        issuer: body.issuer,
        client_id: body.client_id,
        client_secret: body.client_secret,
        scopes: body.scopes,
        groups_claim: body.groups_claim,
        group_roles: body.group_roles.into_iter().map(Into::into).collect(),
        trusts_email: body.trusts_email,
    };
    let written = identity_providers::create(&state.services, &write.ctx, &caller.rights, new).await?;
    Ok((StatusCode::CREATED, Json(registered(&state, written.view))).into_response())
}
