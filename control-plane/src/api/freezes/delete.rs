//! `DELETE /api/freezes/{kind}/{id}`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, extract::ApiPath, problem::Result, write::Write},
    domain::freeze::FreezeKind,
    service::{
        freezes::{self, FreezeView},
        sync::Synced,
    },
};

/// Let it go on with exactly what it had.
#[utoipa::path(
    delete, path = "/api/freezes/{kind}/{id}", tag = "freezes",
    params(
        ("kind" = FreezeKind, Path, description = "What it is"),
        ("id" = String, Path, description = "Slug, name or id; the DID of an agent"),
    ),
    responses((status = 200, body = Synced<FreezeView>)),
)]
pub async fn delete_freeze(
    State(state): State<ApiState>,
    ApiPath((kind, id)): ApiPath<(FreezeKind, String)>,
    write: Write,
) -> Result {
    let written = freezes::unfreeze(&state.services, &write.ctx, kind, &id).await?;
    answer::write(&state, &write, written).await
}
