//! `POST /api/realms/{id}/keys/rotate`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiPath, OptionalJson},
        page::List,
        problem::Result,
        write::Write,
    },
    service::{
        keys::{self, HeldKey, Rotation},
        sync::{Sync, Synced},
    },
};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateKey {
    /// DID of the only agent whose own key is replaced, where each has its own.
    pub agent: Option<String>,
    /// For a key that leaked: the generations before go now, and calls fail until the agents have the new one.
    #[serde(default)]
    pub at_once: bool,
}

/// The generations after a rotation, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rotated {
    #[serde(flatten)]
    pub keys: List<Synced<HeldKey>>,
    pub sync: Sync,
}

/// Add a generation of the virtual key. The one before stays valid until every agent has the new one, at most 24 hours.
#[utoipa::path(
    post, path = "/api/realms/{id}/keys/rotate", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    request_body = Option<RotateKey>,
    responses((status = 201, body = Rotated)),
)]
pub async fn rotate_key(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    OptionalJson(body): OptionalJson<RotateKey>,
) -> Result {
    let rotation = Rotation { agent: body.agent, at_once: body.at_once };
    let written = keys::rotate(&state.services, &write.ctx, &id, rotation).await?;
    let sync = answer::settle(&state, write.wait, &written).await?;
    let headers = answer::headers(write.wait, &written);
    let keys = if write.wait.is_some() {
        keys::list(&state.services, &write.ctx.reach, &id).await?
    } else {
        written.view
    };
    Ok((StatusCode::CREATED, headers, Json(Rotated { keys: keys.into(), sync })).into_response())
}
