//! `GET /api/settings`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, problem::Result},
    service::settings::{self, SettingsView},
};

/// Read the settings of the installation.
#[utoipa::path(get, path = "/api/settings", tag = "access", responses((status = 200, body = SettingsView)))]
pub async fn get_settings(State(state): State<ApiState>) -> Result {
    let view = settings::get(&state.services).await?;
    Ok(answer::read(view.version, view))
}
