//! `POST /api/auth/setup`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, extract::ApiJson, me::get::Me, problem::Result},
    base::secret::Secret,
    service::sign_in::{self, Knock, Setup},
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetUp {
    /// What stands after `#` in the link: good once.
    #[schema(value_type = String, write_only)]
    pub token: Secret,
    /// 12 to 1024 characters.
    #[schema(value_type = String, write_only)]
    pub password: Secret,
    /// Of the first owner; people who were invited have theirs.
    pub email: Option<String>,
    /// Of the first owner.
    pub name: Option<String>,
}

/// Use a link: set a password and sign in. The link that is printed at the first start makes the first owner.
#[utoipa::path(
    post, path = "/api/auth/setup", tag = "access",
    request_body = SetUp,
    responses((status = 200, body = Me)),
)]
pub async fn set_up(
    State(state): State<ApiState>,
    knock: Knock,
    ApiJson(body): ApiJson<SetUp>,
) -> Result<Response> {
    let setup = Setup { link: body.token, password: body.password, email: body.email, name: body.name };
    let opened = sign_in::set_up(&state.services, &knock, setup).await?;
    Ok(super::opened(&state, &opened))
}
