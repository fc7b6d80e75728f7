//! `GET /api/workload-rules/{id}`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, extract::ApiPath, problem::Result},
    service::workload::{self, WorkloadRuleView},
};

/// Read a rule for CI jobs.
#[utoipa::path(
    get, path = "/api/workload-rules/{id}", tag = "access",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = WorkloadRuleView)),
)]
pub async fn get_workload_rule(
    State(state): State<ApiState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<WorkloadRuleView>> {
    Ok(Json(workload::get(&state.services, &id).await?))
}
