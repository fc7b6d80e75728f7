//! `PATCH /api/identity-providers/{id}`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{GiveGroupRole, RegisteredProvider, registered};
use crate::{
    api::{
        ApiState, answer,
        caller::Caller,
        extract::{ApiJson, ApiPath},
        problem::Result,
        write::Write,
    },
    base::secret::Secret,
    service::identity_providers::{self, IdentityProviderPatch},
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateIdentityProvider {
    pub client_id: Option<String>,
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<Secret>,
    pub scopes: Option<Vec<String>>,
    pub groups_claim: Option<String>,
    /// In the place of those before; it counts from each person's next sign-in on.
    pub group_roles: Option<Vec<GiveGroupRole>>,
    pub trusts_email: Option<bool>,
}

/// Edit an identity provider. Its name and issuer stay: who people are there hangs on them.
#[utoipa::path(
    patch, path = "/api/identity-providers/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or name")),
    request_body = UpdateIdentityProvider,
    responses((status = 200, body = RegisteredProvider)),
)]
pub async fn update_identity_provider(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<UpdateIdentityProvider>,
) -> Result {
    let patch = IdentityProviderPatch {
        client_id: body.client_id,
        client_secret: body.client_secret,
        scopes: body.scopes,
        groups_claim: body.groups_claim,
        group_roles: body.group_roles.map(|roles| roles.into_iter().map(Into::into).collect()),
        trusts_email: body.trusts_email,
    };
    let services = &state.services;
    let written =
        identity_providers::update(services, &write.ctx, &caller.rights, &id, write.if_match, patch).await?;
    Ok(answer::read(written.view.version, registered(&state, written.view)))
}
