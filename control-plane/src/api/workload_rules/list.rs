//! `GET /api/workload-rules`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, page::List, problem::Result},
    service::workload::{self, WorkloadRuleView},
};

/// List rules for CI jobs, by name.
#[utoipa::path(
    get, path = "/api/workload-rules", tag = "access",
    responses((status = 200, body = List<WorkloadRuleView>)),
)]
pub async fn list_workload_rules(State(state): State<ApiState>) -> Result<Json<List<WorkloadRuleView>>> {
    Ok(Json(workload::list(&state.services).await?.into()))
}
