//! `PATCH /api/settings`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{InstallationSettings, installation};
use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, nullable},
        problem::Result,
        write::Write,
    },
    service::settings::{self, SettingsPatch},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSettings {
    /// `false`: the bootstrap admin token is refused. Needs an owner who can do without it.
    pub bootstrap_token_enabled: Option<bool>,
    /// 30 to 36500; null keeps audit rows for ever.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub audit_retention_days: Option<Option<i32>>,
}

/// Change the settings of the installation.
#[utoipa::path(
    patch, path = "/api/settings", tag = "access",
    request_body = UpdateSettings,
    responses((status = 200, body = InstallationSettings)),
)]
pub async fn update_settings(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<UpdateSettings>,
) -> Result {
    let patch = SettingsPatch {
        bootstrap_token_enabled: body.bootstrap_token_enabled,
        audit_retention_days: body.audit_retention_days,
    };
    let written = settings::update(&state.services, &write.ctx, write.if_match, patch).await?;
    Ok(answer::read(written.view.version, installation(&state, written.view)))
}
