//! `DELETE /api/workload-rules/{id}`

use axum::extract::State;

use crate::{
    api::{
        ApiState,
        answer::{self, Deleted},
        extract::ApiPath,
        problem::Result,
        write::Write,
    },
    service::workload,
};

/// Remove a rule. The tokens that it gave end with it.
#[utoipa::path(
    delete, path = "/api/workload-rules/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Deleted)),
)]
pub async fn delete_workload_rule(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
    write: Write,
) -> Result {
    let written = workload::delete(&state.services, &write.ctx, &id).await?;
    answer::deleted(&state, &write, written).await
}
