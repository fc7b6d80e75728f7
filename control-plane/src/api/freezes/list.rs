//! `GET /api/freezes`

use axum::{Json, extract::State};

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, page::List, problem::Result},
    service::{
        freezes::{self, FreezeView},
        sync::Synced,
    },
};

/// List what is frozen, oldest first, and how far each is on the proxies; never paged.
#[utoipa::path(
    get, path = "/api/freezes", tag = "freezes",
    responses((status = 200, body = List<Synced<FreezeView>>)),
)]
pub async fn list_freezes(
    State(state): State<ApiState>,
    reach: Reach,
) -> Result<Json<List<Synced<FreezeView>>>> {
    Ok(Json(freezes::list(&state.services, &reach).await?.into()))
}
