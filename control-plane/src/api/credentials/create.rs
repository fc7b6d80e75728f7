//! `POST /api/credentials`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, answer, extract::ApiJson, problem::Result, write::Write},
    base::secret::Secret,
    service::{
        credentials::{self, CredentialView},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCredential {
    #[schema(example = "openai-prod")]
    pub name: String,
    #[schema(example = "openai")]
    pub provider: String,
    /// Sealed at once, never shown again. For a provider with several secrets: a JSON object as text.
    #[schema(value_type = String, write_only)]
    pub api_key: Secret,
}

/// Store a provider key. Answers with a fingerprint.
#[utoipa::path(
    post, path = "/api/credentials", tag = "credentials",
    request_body = CreateCredential,
    responses((status = 201, body = Synced<CredentialView>)),
)]
pub async fn create_credential(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<CreateCredential>,
) -> Result {
    let written =
        credentials::create(&state.services, &write.ctx, &body.name, &body.provider, &body.api_key).await?;
    answer::write(&state, &write, written).await
}
