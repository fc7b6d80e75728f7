//! `POST /api/proxies/{id}/adopt/key`

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
    service::{
        keys::KeyView,
        proxies::adopt::{self, NewAdoptedKey},
        sync::Synced,
    },
};

/// A foreign virtual key and the realm that it becomes a key of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdoptKey {
    /// The key itself, as its holder has it: LiteLLM does not show it. Sealed at once, never shown again.
    #[schema(value_type = String, write_only)]
    pub key: Secret,
    /// Id or slug.
    pub realm_id: String,
    /// Whoever holds it may lose what it could do so far. Without this, a loss is refused and named.
    #[serde(default)]
    pub accept_changes: bool,
}

/// Take a foreign virtual key into a realm, beside the one of its agents. Whoever holds it goes on with it, with the realm's grants
/// and budget; its spend goes on. It ends when it would have ended, or with `DELETE /api/realms/{id}/keys/{keyId}`.
#[utoipa::path(
    post, path = "/api/proxies/{id}/adopt/key", tag = "proxies",
    params(("id" = String, Path, description = "Id or name")),
    request_body = AdoptKey,
    responses((status = 201, body = Synced<KeyView>)),
)]
pub async fn adopt_key(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<AdoptKey>,
) -> Result {
    let new = NewAdoptedKey { key: body.key, realm: body.realm_id, accept_changes: body.accept_changes };
    let written = adopt::key(&state.services, &write.ctx, &id, new).await?;
    answer::write(&state, &write, written).await
}
