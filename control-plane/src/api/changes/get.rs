//! `GET /api/changes/{revision}`

use axum::{Json, extract::State};

use crate::base::context::Context;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::changes::{self, Receipt},
};

/// The receipt of a change: what became of it, per proxy and per agent.
#[utoipa::path(
    get, path = "/api/changes/{revision}", tag = "changes",
    params(("revision" = i64, Path, description = "From `X-Reeve-Revision` or `sync.revision`")),
    responses((status = 200, body = Receipt)),
)]
pub async fn get_change(
    State(state): State<ApiState>,
    ctx: Context,
    ApiPath(revision): ApiPath<i64>,
) -> Result<Json<Receipt>> {
    Ok(Json(changes::receipt(&state.services, &ctx, revision).await?))
}
