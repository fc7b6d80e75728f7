//! What the whole installation allows: `/api/settings`

pub mod get;
pub mod update;

use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use crate::service::settings::SettingsView;

/// The settings, beside what the environment says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationSettings {
    #[serde(flatten)]
    pub view: SettingsView,
    /// The first of `REEVE_PUBLIC_URL`: what links and the callback URLs of identity providers begin with.
    pub public_url: String,
}

fn installation(state: &ApiState, view: SettingsView) -> InstallationSettings {
    InstallationSettings { view, public_url: state.public_url.clone() }
}
