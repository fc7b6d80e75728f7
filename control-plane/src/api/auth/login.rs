//! `POST /api/auth/login`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, extract::ApiJson, me::get::Me, problem::Result},
    base::secret::Secret,
    service::sign_in::{self, Knock},
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    pub email: String,
    #[schema(value_type = String, write_only)]
    pub password: Secret,
}

/// Sign in with a password. The session is in a cookie that scripts cannot read.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "access",
    request_body = Login,
    responses((status = 200, body = Me)),
)]
pub async fn login(
    State(state): State<ApiState>,
    knock: Knock,
    ApiJson(body): ApiJson<Login>,
) -> Result<Response> {
    let opened = sign_in::login(&state.services, &knock, &body.email, &body.password).await?;
    Ok(super::opened(&state, &opened))
}
