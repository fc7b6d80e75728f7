//! `GET /api/observe-mode`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, problem::Result},
    service::observe::{self, ObserveMode},
};

/// Say whether Reeve only looks, and what it would change.
#[utoipa::path(
    get, path = "/api/observe-mode", tag = "proxies",
    responses((status = 200, body = ObserveMode)),
)]
pub async fn get_observe_mode(State(state): State<ApiState>) -> Result<Json<ObserveMode>> {
    Ok(Json(observe::get(&state.services).await?))
}
