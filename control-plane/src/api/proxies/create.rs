//! `POST /api/proxies`

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, answer, extract::ApiJson, problem::Result, write::Write},
    base::secret::Secret,
    domain::enforcement::EnforcementPolicy,
    service::{
        proxies::{self, NewProxy, ProxyView},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProxy {
    /// A slug: 1 to 63 of a-z, 0-9 and '-'.
    #[schema(example = "eu-1")]
    pub name: String,
    /// LiteLLM's address as Reeve reaches it.
    #[schema(example = "https://litellm.internal:4000")]
    pub base_url: String,
    /// LiteLLM's address as agents reach it; the base URL when left out.
    pub public_url: Option<String>,
    /// Sealed at once, never shown again.
    #[schema(value_type = String, write_only)]
    pub master_key: Secret,
    /// Such as `region`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// How long its instances may go on serving what was taken away, in seconds: 0 for a proxy of one instance, 60 when
    /// left out.
    #[schema(minimum = 0, maximum = 3600)]
    pub cache_lag_seconds: Option<i32>,
    /// `require`: nobody may use anything on it until it was seen to enforce what it is told.
    #[serde(default)]
    pub enforcement_policy: EnforcementPolicy,
}

/// Add a proxy to the fleet. It is probed at once, and then holds everything that the registry says.
#[utoipa::path(
    post, path = "/api/proxies", tag = "proxies",
    request_body = CreateProxy,
    responses((status = 201, body = Synced<ProxyView>)),
)]
pub async fn create_proxy(
    State(state): State<ApiState>,
    write: Write,
    ApiJson(body): ApiJson<CreateProxy>,
) -> Result {
    let new = NewProxy {
        name: body.name,
        base_url: body.base_url,
        public_url: body.public_url,
        master_key: body.master_key,
        labels: body.labels,
        cache_lag_seconds: body.cache_lag_seconds,
        enforcement_policy: body.enforcement_policy,
    };
    let written = proxies::create(&state.services, &write.ctx, new).await?;
    answer::write(&state, &write, written).await
}
