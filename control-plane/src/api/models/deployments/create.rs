//! `POST /api/models/{id}/deployments`

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath},
        models::create::unknown_provider,
        problem::Result,
        write::Write,
    },
    base::secret::Secret,
    domain::provider::Provider,
    service::{
        deployments,
        models::{
            DeploymentView,
            backend::{Key, NewBackend},
        },
        sync::Synced,
    },
};

/// One more backend. Calls are shared among the deployments of the lowest `order`, by `weight`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDeployment {
    #[schema(example = "azure")]
    pub provider: String,
    /// The provider's own name for the model.
    pub model_id: String,
    pub base_url: Option<String>,
    /// Sealed at once, never shown again. For a provider with several secrets: a JSON object as text.
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    /// Id or name of a credential.
    pub credential_id: Option<String>,
    pub order: Option<i32>,
    pub weight: Option<i32>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub litellm_params: Map<String, Value>,
}

/// Add a backend to a model.
#[utoipa::path(
    post, path = "/api/models/{id}/deployments", tag = "models",
    params(("id" = String, Path, description = "Model: id or name")),
    request_body = CreateDeployment,
    responses((status = 201, body = Synced<DeploymentView>)),
)]
pub async fn create_deployment(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<CreateDeployment>,
) -> Result {
    let new = NewBackend {
        provider: Provider::parse(&body.provider).map_err(unknown_provider)?,
        model_id: body.model_id,
        base_url: body.base_url,
        key: Key::from_fields(body.api_key, body.credential_id)?,
        order: body.order,
        weight: body.weight,
        litellm_params: body.litellm_params,
    };
    let written = deployments::create(&state.services, &write.ctx, &id, new).await?;
    answer::write(&state, &write, written).await
}
