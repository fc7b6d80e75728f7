//! `POST /api/tokens`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ShownApiToken;
use crate::{
    api::{ApiState, caller::Caller, extract::ApiJson, problem::Result, write::Write},
    domain::{permission::Permission, role::Role},
    service::tokens::{self, NewApiToken},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateApiToken {
    /// What the audit calls its holder: 1 to 63 of `a-z 0-9 -`.
    pub name: String,
    /// A named set of permissions; or else `permissions`.
    pub role: Option<Role>,
    /// Such as `["grants:write"]`; who may write may read.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Ids or slugs of the realms where it has them; left out: everywhere.
    pub realm_ids: Option<Vec<String>>,
    /// At most 366 days from now; left out: in 90 days.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Make a token for a CI job or a service. Its text is in the answer and nowhere else. It cannot have more than its maker.
#[utoipa::path(
    post, path = "/api/tokens", tag = "access",
    request_body = CreateApiToken,
    responses((status = 201, body = ShownApiToken)),
)]
pub async fn create_api_token(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<CreateApiToken>,
) -> Result {
    let new = NewApiToken {
        name: body.name,
        role: body.role,
        permissions: body.permissions,
        realms: body.realm_ids,
        expires_at: body.expires_at,
    };
    let (view, token) = tokens::create(&state.services, &write.ctx, &caller.rights, new).await?;
    let shown = ShownApiToken { view, token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}
