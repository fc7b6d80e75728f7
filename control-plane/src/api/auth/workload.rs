//! `POST /api/auth/workload`

use axum::{Extension, Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState, address::Address, caller::anonymous, extract::ApiJson, observe::RequestId, problem::Result,
    },
    base::secret::Secret,
    service::workload,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeToken {
    /// The OpenID Connect token that the CI system gave the job.
    #[schema(value_type = String, write_only)]
    pub token: Secret,
    /// Name of the rule that is meant; left out: the first that fits, by name.
    pub rule: Option<String>,
}

/// A token of ours for a job.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExchangedToken {
    /// For `Authorization: Bearer`.
    pub token: String,
    pub expires_at: DateTime<Utc>,
    /// Name of the rule that it was given by.
    pub rule: String,
    /// The job, as its CI system calls it.
    pub subject: String,
}

/// Exchange a CI job's own token, once, for a short-lived one of ours, by a rule on its claims.
#[utoipa::path(
    post, path = "/api/auth/workload", tag = "access",
    request_body = ExchangeToken,
    responses((status = 200, body = ExchangedToken)),
)]
pub async fn exchange_token(
    State(state): State<ApiState>,
    Extension(request_id): Extension<RequestId>,
    address: Option<Extension<Address>>,
    ApiJson(body): ApiJson<ExchangeToken>,
) -> Result<Json<ExchangedToken>> {
    let ctx = anonymous(address.map(|address| address.0.0), Some(request_id.0));
    let (services, rule) = (&state.services, body.rule.as_deref());
    let given = workload::exchange(services, &state.issuers, &ctx, &body.token, rule).await?;
    Ok(Json(ExchangedToken {
        token: given.secret.expose().to_owned(),
        expires_at: given.expires_at,
        rule: given.rule.name,
        subject: given.subject,
    }))
}
