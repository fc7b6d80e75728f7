//! `GET /api/realms/{id}`

use axum::extract::State;

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result},
    service::{
        realms::{self, RealmView},
        sync::Synced,
    },
};

/// Read a realm, with its virtual key's generations.
#[utoipa::path(
    get, path = "/api/realms/{id}", tag = "realms",
    params(("id" = String, Path, description = "Id or slug")),
    responses((status = 200, body = Synced<RealmView>)),
)]
pub async fn get_realm(State(state): State<ApiState>, reach: Reach, ApiPath(id): ApiPath<String>) -> Result {
    let realm = realms::get(&state.services, &reach, &id).await?;
    Ok(answer::read(realm.view.version, realm))
}
