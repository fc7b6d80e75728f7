//! `POST /api/me/password`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::get::Me;
use crate::{
    api::{ApiState, caller::Caller, extract::ApiJson, problem::Result, write::Write},
    base::secret::Secret,
    service::sign_in,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(value_type = String, write_only)]
    pub current_password: Secret,
    /// 12 to 1024 characters.
    #[schema(value_type = String, write_only)]
    pub new_password: Secret,
}

/// Set another password. The caller's other sessions end.
#[utoipa::path(
    post, path = "/api/me/password", tag = "access",
    request_body = ChangePassword,
    responses((status = 200, body = Me)),
)]
pub async fn change_password(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<ChangePassword>,
) -> Result<Json<Me>> {
    let (person, session) = caller.person()?;
    let (current, new) = (&body.current_password, &body.new_password);
    sign_in::change_password(&state.services, &write.ctx, person, session, current, new).await?;
    Ok(Json(Me::of(&caller)))
}
