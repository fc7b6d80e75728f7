//! `DELETE /api/proxies/{id}`

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::{ApiPath, ApiQuery},
        problem::Result,
        write::Write,
    },
    service::proxies,
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteProxy {
    /// Forget the proxy at once. What Reeve made on it stays there: its models can still be called with the keys of
    /// the realms until somebody removes them by hand.
    #[serde(default)]
    pub force: bool,
}

/// Take a proxy out of the fleet: agents are sent elsewhere, everything of ours on it is removed, then the proxy is
/// forgotten. Until then it is listed with `deleting: true`.
#[utoipa::path(
    delete, path = "/api/proxies/{id}", tag = "proxies",
    params(("id" = String, Path, description = "Id or name"), DeleteProxy),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_proxy(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(query): ApiQuery<DeleteProxy>,
    write: Write,
) -> Result {
    let written = proxies::delete(&state.services, &write.ctx, &id, write.if_match, query.force).await?;
    answer::deleted(&state, &write, written).await
}
