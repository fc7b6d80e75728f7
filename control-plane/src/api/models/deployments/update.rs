//! `PATCH /api/models/{id}/deployments/{deploymentId}`

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath, nullable},
        models::update::patch_key,
        problem::Result,
        write::Write,
    },
    base::{ids::DeploymentId, secret::Secret},
    domain::error::Error,
    service::{
        deployments,
        models::{DeploymentView, backend::BackendPatch},
        sync::Synced,
    },
};

/// What is left out stays; null clears. `credentialId: null` takes the key away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDeployment {
    pub model_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub base_url: Option<Option<String>>,
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub credential_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub order: Option<Option<i32>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub weight: Option<Option<i32>>,
    #[schema(value_type = Option<Object>)]
    pub litellm_params: Option<Map<String, Value>>,
    /// Immutable: refused when given.
    #[schema(ignore)]
    pub provider: Option<Value>,
}

/// Edit a deployment.
#[utoipa::path(
    patch, path = "/api/models/{id}/deployments/{deploymentId}", tag = "models",
    params(
        ("id" = String, Path, description = "Model: id or name"),
        ("deploymentId" = DeploymentId, Path),
    ),
    request_body = UpdateDeployment,
    responses((status = 200, body = Synced<DeploymentView>)),
)]
pub async fn update_deployment(
    State(state): State<ApiState>,
    ApiPath((id, deployment)): ApiPath<(String, DeploymentId)>,
    write: Write,
    ApiJson(body): ApiJson<UpdateDeployment>,
) -> Result {
    if body.provider.is_some() {
        return Err(Error::invalid("provider", "is immutable; add another deployment instead").into());
    }
    let patch = BackendPatch {
        model_id: body.model_id,
        base_url: body.base_url,
        key: patch_key(body.api_key, body.credential_id)?,
        order: body.order,
        weight: body.weight,
        litellm_params: body.litellm_params,
    };
    let written =
        deployments::update(&state.services, &write.ctx, &id, deployment, write.if_match, patch).await?;
    answer::write(&state, &write, written).await
}
