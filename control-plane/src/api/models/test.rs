//! `POST /api/models/test`

use axum::{
    Json,
    extract::{Request, State},
    http::{Method, Uri, uri::PathAndQuery},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::create::unknown_provider;
use crate::{
    api::{ApiState, extract::ApiJson, problem::Result},
    base::{context::Context, ids::ProxyId, secret::Secret},
    domain::provider::Provider,
    reconcile::trial::TriedOn,
    service::models::{
        backend::{Key, NewBackend},
        trial,
    },
};

const PATH: &str = "/api/models/test";

/// A backend to try out, as `POST /api/models` takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestModel {
    #[schema(example = "openai")]
    pub provider: String,
    /// The provider's own name for the model.
    #[schema(example = "gpt-4o")]
    pub model_id: String,
    pub base_url: Option<String>,
    /// Used for this call alone, and kept nowhere.
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    /// Id or name of a credential.
    pub credential_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub litellm_params: Map<String, Value>,
    /// Id or name of the proxy that is asked; without it all that are ready, at most three.
    pub proxy_id: Option<String>,
}

/// Whether the provider answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// On every proxy that was asked.
    pub ok: bool,
    pub proxies: Vec<ProxyTest>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyTest {
    pub proxy_id: ProxyId,
    pub proxy_name: String,
    pub ok: bool,
    /// What the provider or the proxy said against it; the key is struck out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl From<TriedOn> for ProxyTest {
    fn from(tried: TriedOn) -> Self {
        Self {
            proxy_id: tried.proxy.id,
            proxy_name: tried.proxy.name,
            ok: tried.why.is_none(),
            message: tried.why,
        }
    }
}

/// Try a backend out before it is registered: each proxy calls the provider once, for real. Nothing is changed.
#[utoipa::path(
    post, path = PATH, tag = "models",
    request_body = TestModel,
    responses((status = 200, body = TestResult)),
)]
pub async fn test_model(
    State(state): State<ApiState>,
    ctx: Context,
    ApiJson(body): ApiJson<TestModel>,
) -> Result<Json<TestResult>> {
    let new = NewBackend {
        provider: Provider::parse(&body.provider).map_err(unknown_provider)?,
        model_id: body.model_id,
        base_url: body.base_url,
        key: Key::from_fields(body.api_key, body.credential_id)?,
        order: None,
        weight: None,
        litellm_params: body.litellm_params,
    };
    let asked = trial::check(&state.services, &new, body.proxy_id.as_deref()).await?;
    let proxies = state.reconciler.askable(asked.proxy).await?;
    trial::note(&state.services, &ctx, &asked, &proxies).await?;
    let tried = state.reconciler.try_backend(&asked.wanted, proxies).await?;
    let proxies: Vec<ProxyTest> = tried.into_iter().map(ProxyTest::from).collect();
    Ok(Json(TestResult { ok: proxies.iter().all(|p| p.ok), proxies }))
}

/// A model may be called `test`: on this path only POST means the trial. Anything else goes on as what the router takes for
/// a name.
pub(in crate::api) fn is_a_name(mut request: Request) -> Request {
    if request.uri().path() == PATH && request.method() != Method::POST {
        let mut parts = request.uri().clone().into_parts();
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        parts.path_and_query = PathAndQuery::try_from(format!("/api/models/%74est{query}")).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}
