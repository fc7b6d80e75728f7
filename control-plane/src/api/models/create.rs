//! `POST /api/models`

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{ApiState, answer, extract::ApiJson, problem::Result, write::Write},
    base::secret::Secret,
    domain::{
        error::Error,
        provider::{Provider, UnknownProvider},
    },
    service::{
        models::{
            self, ModelView, NewModel,
            backend::{Key, NewBackend},
        },
        sync::Synced,
    },
};

/// A model with its first deployment. Give `apiKey` or `credentialId`, unless the provider needs no key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateModel {
    /// 1 to 120 characters; `litellmModelName` is made of provider and name.
    #[schema(example = "GPT-4o")]
    pub name: String,
    #[schema(example = "openai")]
    pub provider: String,
    /// The provider's own name for the model.
    #[schema(example = "gpt-4o")]
    pub model_id: String,
    pub base_url: Option<String>,
    /// Sealed at once, never shown again. For a provider with several secrets: a JSON object as text.
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    /// Id or name of a credential.
    pub credential_id: Option<String>,
    pub description: Option<String>,
    /// Told to agents, not enforced.
    pub max_tokens: Option<i32>,
    /// On every proxy, also before a grant; else only where a realm with a grant on it is served.
    #[serde(default)]
    pub everywhere: bool,
    /// LiteLLM's `order`: lower is tried first.
    pub order: Option<i32>,
    pub weight: Option<i32>,
    /// Further `litellm_params` that are no secrets, such as `api_version`, `aws_region_name`, `rpm`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub litellm_params: Map<String, Value>,
}

/// Register a model with its first deployment.
#[utoipa::path(
    post, path = "/api/models", tag = "models",
    request_body = CreateModel,
    responses((status = 201, body = Synced<ModelView>)),
)]
pub async fn create_model(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<CreateModel>,
) -> Result {
    let provider = Provider::parse(&body.provider).map_err(unknown_provider)?;
    let new = NewModel {
        name: body.name,
        description: body.description.unwrap_or_default(),
        max_tokens: body.max_tokens,
        everywhere: body.everywhere,
        backend: NewBackend {
            provider,
            model_id: body.model_id,
            base_url: body.base_url,
            key: Key::from_fields(body.api_key, body.credential_id)?,
            order: body.order,
            weight: body.weight,
            litellm_params: body.litellm_params,
        },
    };
    let written = models::create(&state.services, &write.ctx, new).await?;
    answer::write(&state, &write, written).await
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(in crate::api) fn unknown_provider(error: UnknownProvider) -> Error {
    let text = error.to_string();
    Error::invalid("provider", text.strip_prefix("provider: ").unwrap_or(&text))
}
