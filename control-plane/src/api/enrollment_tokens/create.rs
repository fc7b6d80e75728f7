//! `POST /api/enrollment-tokens`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse as _};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{ApiState, extract::OptionalJson, problem::Result, write::Write},
    service::enrollment::{self, NewToken, TokenView},
};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateToken {
    /// Realms (id or slug) that the agent joins, the first as its primary one. Empty: the default realm.
    #[serde(default)]
    pub realm_ids: Vec<String>,
    /// For how many agents it is good: 1 to 10000, 1 when left out.
    pub max_uses: Option<i32>,
    /// At most 365 days from now; 24 hours when left out.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A new token. This answer is the only place that shows it.
#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    pub view: TokenView,
    /// Give it to `reeve-agent enroll`.
    #[schema(example = "reeve-enroll-...")]
    pub token: String,
}

/// Make an enrolment token. It is shown once.
#[utoipa::path(
    post, path = "/api/enrollment-tokens", tag = "agents",
    request_body = Option<CreateToken>,
    responses((status = 201, body = CreatedToken)),
)]
pub async fn create_enrollment_token(
    State(state): State<ApiState>,
    write: Write,
    OptionalJson(body): OptionalJson<CreateToken>,
) -> Result {
    let new = NewToken { realms: body.realm_ids, max_uses: body.max_uses, expires_at: body.expires_at };
    let (view, token) = enrollment::create(&state.services, &write.ctx, new).await?;
    let created = CreatedToken { view, token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(created)).into_response())
}
