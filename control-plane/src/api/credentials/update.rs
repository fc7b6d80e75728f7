//! `PATCH /api/credentials/{id}`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath},
        problem::Result,
        write::Write,
    },
    base::secret::Secret,
    service::{
        credentials::{self, CredentialView, Tried},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateCredential {
    /// Sealed at once, never shown again.
    #[schema(value_type = String, write_only)]
    pub api_key: Secret,
    /// A model that calls with the credential, by name or id: every proxy that has it tries the new key out first, with one real
    /// call to the provider. Where one fails, nothing is changed.
    pub canary_model: Option<String>,
}

/// Replace a credential's key, on every proxy that calls with it.
#[utoipa::path(
    patch, path = "/api/credentials/{id}", tag = "credentials",
    params(("id" = String, Path, description = "Id or name")),
    request_body = UpdateCredential,
    responses((status = 200, body = Synced<CredentialView>)),
)]
pub async fn update_credential(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<UpdateCredential>,
) -> Result {
    let tried = match &body.canary_model {
        None => None,
        Some(name) => {
            let (credential, model) = credentials::canary(
                &state.services,
                &write.ctx.reach,
                &id,
                write.if_match,
                &body.api_key,
                name,
            )
            .await?;
            let proxies = state.reconciler.try_key(credential, &body.api_key, &model).await?;
            Some(Tried { model: model.litellm_model_name, proxies })
        }
    };
    let written =
        credentials::update(&state.services, &write.ctx, &id, write.if_match, &body.api_key, tried).await?;
    answer::write(&state, &write, written).await
}
