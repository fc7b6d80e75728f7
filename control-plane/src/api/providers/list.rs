//! `GET /api/providers`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::page::List,
    domain::provider::{BaseUrl, Provider, SecretNeed},
};

/// What a form for a model of this provider asks for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderView {
    /// As `provider` takes it.
    pub name: &'static str,
    pub base_url: BaseUrl,
    pub secret: SecretNeed,
    /// The sets of fields that `apiKey` may have as a JSON object in place of a plain key; empty: a plain key alone.
    pub secret_sets: &'static [&'static [&'static str]],
    /// What `litellmParams` must have.
    pub required: &'static [&'static str],
    /// What `litellmParams` often has.
    pub optional: &'static [&'static str],
}

impl From<Provider> for ProviderView {
    fn from(p: Provider) -> Self {
        Self {
            name: p.name(),
            base_url: p.base_url(),
            secret: p.secret(),
            secret_sets: p.secret_sets(),
            required: p.required(),
            optional: p.optional(),
        }
    }
}

/// List the providers that models can be registered of, with what each needs.
#[utoipa::path(
    get, path = "/api/providers", tag = "models",
    responses((status = 200, body = List<ProviderView>)),
)]
pub async fn list_model_providers() -> Json<List<ProviderView>> {
    Json(Provider::all().map(ProviderView::from).collect::<Vec<_>>().into())
}
