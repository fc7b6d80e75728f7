//! `GET /api/explain`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::reach::Reach;
use crate::{
    api::{ApiState, extract::ApiQuery, problem::Result},
    service::explain::{self, Explanation},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Explain {
    /// Its DID.
    pub agent: String,
    /// Id, `litellmModelName`, or the part after the provider when only one has it.
    pub model: String,
}

/// Whether an agent can call a model now, and why: grant, key, proxies, budget, freezes, each with its time, and what to do when
/// the answer is no.
#[utoipa::path(
    get, path = "/api/explain", tag = "agents",
    params(Explain),
    responses((status = 200, body = Explanation)),
)]
pub async fn explain_access(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<Explain>,
) -> Result<Json<Explanation>> {
    Ok(Json(explain::explain(&state.services, &reach, &query.agent, &query.model).await?))
}
