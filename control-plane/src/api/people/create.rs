//! `POST /api/people`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{GiveRole, InvitedPerson, invited};
use crate::{
    api::{ApiState, caller::Caller, extract::ApiJson, problem::Result, write::Write},
    service::people::{self, NewPerson},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePerson {
    /// How they sign in.
    pub email: String,
    /// How they are shown; left out: the email.
    pub name: Option<String>,
    #[serde(default)]
    pub roles: Vec<GiveRole>,
}

/// Add a person. The answer has a link with which they set a password; it counts once, for three days.
#[utoipa::path(
    post, path = "/api/people", tag = "access",
    request_body = CreatePerson,
    responses((status = 201, body = InvitedPerson)),
)]
pub async fn create_person(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<CreatePerson>,
) -> Result {
    let name = body.name.unwrap_or_else(|| body.email.clone());
    let roles = body.roles.into_iter().map(Into::into).collect();
    let new = NewPerson { email: body.email, name, roles };
    let (view, link) = people::create(&state.services, &write.ctx, &caller.rights, new).await?;
    Ok((StatusCode::CREATED, Json(invited(&state, view, &link))).into_response())
}
