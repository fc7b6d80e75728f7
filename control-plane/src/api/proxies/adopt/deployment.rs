//! `POST /api/proxies/{id}/adopt/deployment`

use axum::extract::State;
use serde::Deserialize;
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
        models::{ModelView, backend::Key},
        proxies::adopt::{self, NewAdoptedDeployment},
        sync::Synced,
    },
};

/// A foreign deployment, with the provider's key that it is to call with: nobody can read the one that it has. Give `apiKey` or
/// `credentialId`, unless the provider needs no key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdoptDeployment {
    /// `model_info.id` on the proxy: `externalId` in its drift.
    pub litellm_id: String,
    /// Default: what its upstream model begins with.
    pub provider: Option<String>,
    /// Sealed at once, never shown again. For a provider with several secrets: a JSON object as text.
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    /// Id or name of a credential.
    pub credential_id: Option<String>,
}

/// Take a foreign deployment into the registry. It keeps its id and the name that callers use, goes on working, and calls its
/// provider with the given key from then on. The model of that name is made when there is none, on every proxy (`everywhere`).
#[utoipa::path(
    post, path = "/api/proxies/{id}/adopt/deployment", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    request_body = AdoptDeployment,
    responses((status = 201, body = Synced<ModelView>), (status = 200, body = Synced<ModelView>)),
)]
pub async fn adopt_deployment(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<AdoptDeployment>,
) -> Result {
    let provider = body.provider.as_deref().map(Provider::parse).transpose().map_err(unknown_provider)?;
    let key = Key::from_fields(body.api_key, body.credential_id)?;
    let new = NewAdoptedDeployment { litellm_id: body.litellm_id, provider, key };
    let written = adopt::deployment(&state.services, &write.ctx, &id, new).await?;
    answer::write(&state, &write, written).await
}
