//! `GET /api/freezes/{kind}/{id}`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    domain::freeze::FreezeKind,
    service::{
        freezes::{self, FreezeView},
        sync::Synced,
    },
};

/// Read a freeze, and how far it is on the proxies.
#[utoipa::path(
    get, path = "/api/freezes/{kind}/{id}", tag = "freezes",
    params(
        ("kind" = FreezeKind, Path, description = "What it is"),
        ("id" = String, Path, description = "Slug, name or id; the DID of an agent"),
    ),
    responses((status = 200, body = Synced<FreezeView>)),
)]
pub async fn get_freeze(
    State(state): State<ApiState>,
    reach: Reach,
    ApiPath((kind, id)): ApiPath<(FreezeKind, String)>,
) -> Result<Json<Synced<FreezeView>>> {
    Ok(Json(freezes::get(&state.services, &reach, kind, &id).await?))
}
