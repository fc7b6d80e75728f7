//! `PATCH /api/models/{id}`

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, answer,
        extract::{ApiJson, ApiPath, nullable},
        problem::Result,
        write::Write,
    },
    base::secret::Secret,
    domain::{error::Error, model::ModelStatus},
    service::{
        models::{
            self, ModelPatch, ModelView,
            backend::{BackendPatch, Key},
        },
        sync::Synced,
    },
};

/// What is left out stays; null clears. From `modelId` on, the fields are those of the deployment, for a model that
/// has only one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateModel {
    pub description: Option<String>,
    pub status: Option<ModelStatus>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub max_tokens: Option<Option<i32>>,
    pub everywhere: Option<bool>,
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
    pub name: Option<Value>,
    /// Immutable: refused when given.
    #[schema(ignore)]
    pub provider: Option<Value>,
}

/// Edit a model, or set its status.
#[utoipa::path(
    patch, path = "/api/models/{id}", tag = "models",
    params(("id" = String, Path, description = "Id, litellmModelName (percent-encoded), or its part after the provider")),
    request_body = UpdateModel,
    responses((status = 200, body = Synced<ModelView>)),
)]
pub async fn update_model(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<UpdateModel>,
) -> Result {
    for (field, given) in [("name", body.name.is_some()), ("provider", body.provider.is_some())] {
        if given {
            let detail = "is immutable, since callers and keys say it; register another model instead";
            return Err(Error::invalid(field, detail).into());
        }
    }
    let patch = ModelPatch {
        description: body.description,
        status: body.status,
        max_tokens: body.max_tokens,
        everywhere: body.everywhere,
        backend: BackendPatch {
            model_id: body.model_id,
            base_url: body.base_url,
            key: patch_key(body.api_key, body.credential_id)?,
            order: body.order,
            weight: body.weight,
            litellm_params: body.litellm_params,
        },
    };
    let written = models::update(&state.services, &write.ctx, &id, write.if_match, patch).await?;
    answer::write(&state, &write, written).await
}

/// `credentialId: null` takes the key away; absence of both keeps it.
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
pub(super) fn patch_key(
    api_key: Option<Secret>,
    credential_id: Option<Option<String>>,
) -> Result<Option<Key>, Error> {
    match (api_key, credential_id) {
        (None, None) => Ok(None),
        (None, Some(None)) => Ok(Some(Key::None)),
        (api_key, credential_id) => Key::from_fields(api_key, credential_id.flatten()).map(Some),
    }
}
