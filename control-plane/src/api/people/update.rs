//! `PATCH /api/people/{id}`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::GiveRole;
use crate::{
    api::{
        ApiState, answer,
        caller::Caller,
        extract::{ApiJson, ApiPath},
        problem::Result,
        write::Write,
    },
    service::people::{self, PersonPatch, PersonView},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePerson {
    pub name: Option<String>,
    /// In the place of those before.
    pub roles: Option<Vec<GiveRole>>,
    /// `true` locks them out: their sessions end.
    pub disabled: Option<bool>,
}

/// Edit a person. What they may do changes with their next request.
#[utoipa::path(
    patch, path = "/api/people/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or email")),
    request_body = UpdatePerson,
    responses((status = 200, body = PersonView)),
)]
pub async fn update_person(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<UpdatePerson>,
) -> Result {
    let patch = PersonPatch {
        name: body.name,
        roles: body.roles.map(|roles| roles.into_iter().map(Into::into).collect()),
        disabled: body.disabled,
    };
    let services = &state.services;
    let written = people::update(services, &write.ctx, &caller.rights, &id, write.if_match, patch).await?;
    Ok(answer::read(written.view.version, written.view))
}
