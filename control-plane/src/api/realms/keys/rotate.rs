//! `POST /api/realms/{id}/keys/rotate`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};

use crate::{
    api::{ApiState, answer, extract::ApiPath, page::List, problem::Result, write::Write},
    service::{
        keys::{self, KeyView},
        sync::{Sync, Synced},
    },
};

/// The generations after a rotation, newest first.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Rotated {
    #[serde(flatten)]
    pub keys: List<Synced<KeyView>>,
    pub sync: Sync,
}

/// Add a generation of the virtual key. The one before stays valid until every agent has the new one, at most 24 hours.
#[utoipa::path(
    post, path = "/api/realms/{id}/keys/rotate", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    responses((status = 201, body = Rotated)),
)]
pub async fn rotate_key(State(state): State<ApiState>, ApiPath(id): ApiPath<String>, write: Write) -> Result {
    let written = keys::rotate(&state.services, &write.ctx, &id).await?;
    let sync = answer::settle(&state, write.wait, &written).await?;
    let headers = answer::headers(write.wait, &written);
    let keys = if write.wait.is_some() { keys::list(&state.services, &id).await? } else { written.view };
    Ok((StatusCode::CREATED, headers, Json(Rotated { keys: keys.into(), sync })).into_response())
}
