//! `POST /api/tokens/{id}/rotate`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ShownApiToken;
use crate::{
    api::{
        ApiState,
        caller::Caller,
        extract::{ApiPath, OptionalJson},
        problem::Result,
        write::Write,
    },
    service::tokens,
};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateApiToken {
    /// For how many seconds the text before goes on counting, at most a week; left out: it ends now.
    #[serde(default)]
    pub overlap_seconds: i32,
}

/// Give a token a new text; name, permissions and end stay.
#[utoipa::path(
    post, path = "/api/tokens/{id}/rotate", tag = "access",
    params(("id" = String, Path, description = "Id, or name of one that was not revoked")),
    request_body = Option<RotateApiToken>,
    responses((status = 200, body = ShownApiToken)),
)]
pub async fn rotate_api_token(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    caller: Caller,
    write: Write,
    OptionalJson(body): OptionalJson<RotateApiToken>,
) -> Result<Json<ShownApiToken>> {
    let (view, token) =
        tokens::rotate(&state.services, &write.ctx, &caller.rights, &id, body.overlap_seconds).await?;
    Ok(Json(ShownApiToken { view, token: token.expose().to_owned() }))
}
