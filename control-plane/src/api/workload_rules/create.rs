//! `POST /api/workload-rules`

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, caller::Caller, extract::ApiJson, problem::Result, write::Write},
    domain::{permission::Permission, role::Role},
    service::workload::{self, NewWorkloadRule, WorkloadRuleView},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateWorkloadRule {
    /// What the audit calls the jobs, before their subject: 1 to 63 of `a-z 0-9 -`.
    pub name: String,
    /// Of the jobs' tokens: `https://token.actions.githubusercontent.com`, `https://gitlab.com`.
    pub issuer: String,
    /// That the jobs ask their tokens for, such as the URL of this control plane.
    pub audience: String,
    /// What other claims must be, such as `{"repository": "acme/app", "ref": "refs/heads/main"}`; a `*` at the end stands for any
    /// rest. One of them must say whose the jobs are.
    pub claims: BTreeMap<String, String>,
    /// A named set of permissions; or else `permissions`.
    pub role: Option<Role>,
    /// Such as `["grants:write"]`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Ids or slugs of the realms where; left out: everywhere.
    pub realm_ids: Option<Vec<String>>,
    /// How long a token counts, 60 to 3600; left out: 900.
    pub lifetime_seconds: Option<i32>,
}

/// Make a rule: jobs whose own token fits it get a short-lived one of ours for it (`POST /api/auth/workload`).
#[utoipa::path(
    post, path = "/api/workload-rules", tag = "access",
    request_body = CreateWorkloadRule,
    responses((status = 201, body = WorkloadRuleView)),
)]
pub async fn create_workload_rule(
    State(state): State<ApiState>,
    caller: Caller,
    write: Write,
    ApiJson(body): ApiJson<CreateWorkloadRule>,
) -> Result {
    let new = NewWorkloadRule {
        name: body.name,
        issuer: body.issuer,
        audience: body.audience,
        claims: body.claims,
        role: body.role,
        permissions: body.permissions,
        realms: body.realm_ids,
        lifetime_seconds: body.lifetime_seconds,
    };
    let written = workload::create(&state.services, &write.ctx, &caller.rights, new).await?;
    Ok((StatusCode::CREATED, Json(written.view)).into_response())
}
