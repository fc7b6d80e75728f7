//! `GET /api/settings`

use axum::extract::State;

use super::{InstallationSettings, installation};
use crate::{
    api::{ApiState, answer, problem::Result},
    service::settings,
};

/// Read the settings of the installation.
#[utoipa::path(get, path = "/api/settings", tag = "access", responses((status = 200, body = InstallationSettings)))]
pub async fn get_settings(State(state): State<ApiState>) -> Result {
    let view = settings::get(&state.services).await?;
    Ok(answer::read(view.version, installation(&state, view)))
}
