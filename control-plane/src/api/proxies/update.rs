//! `PATCH /api/proxies/{id}`

use std::collections::BTreeMap;

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
    domain::{enforcement::EnforcementPolicy, proxy::ProxyState},
    service::{
        proxies::{self, ProxyPatch, ProxyView},
        sync::Synced,
    },
};

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProxy {
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub public_url: Option<String>,
    #[schema(value_type = Option<String>, write_only)]
    pub master_key: Option<Secret>,
    /// In place of all labels there are.
    pub labels: Option<BTreeMap<String, String>>,
    /// How long its instances may go on serving what was taken away, in seconds.
    #[schema(minimum = 0, maximum = 3600)]
    pub cache_lag_seconds: Option<i32>,
    /// `require`: nobody may use anything on it until it was seen to enforce what it is told.
    pub enforcement_policy: Option<EnforcementPolicy>,
    /// `draining` sends agents elsewhere, `disabled` takes everything of ours off it; `active` undoes both.
    pub state: Option<ProxyState>,
}

/// Edit a proxy. A new address or master key asks for everything on it again.
#[utoipa::path(
    patch, path = "/api/proxies/{id}", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    request_body = UpdateProxy,
    responses((status = 200, body = Synced<ProxyView>)),
)]
pub async fn update_proxy(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<UpdateProxy>,
) -> Result {
    let patch = ProxyPatch {
        name: body.name,
        base_url: body.base_url,
        public_url: body.public_url,
        master_key: body.master_key,
        labels: body.labels,
        cache_lag_seconds: body.cache_lag_seconds,
        enforcement_policy: body.enforcement_policy,
        state: body.state,
    };
    let written = proxies::update(&state.services, &write.ctx, &id, write.if_match, patch).await?;
    answer::write(&state, &write, written).await
}
