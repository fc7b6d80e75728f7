//! `GET /api/auth/providers`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, page::List, problem::Result},
    service::federation,
};

/// A provider that one can sign in with.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInProvider {
    /// `GET /api/auth/oidc/<name>/start` begins.
    pub name: String,
}

/// List what one can sign in with, beside a password.
#[utoipa::path(
    get, path = "/api/auth/providers", tag = "access",
    responses((status = 200, body = List<SignInProvider>)),
)]
pub async fn list_providers(State(state): State<ApiState>) -> Result<Json<List<SignInProvider>>> {
    let names = federation::names(&state.services).await?;
    Ok(Json(names.into_iter().map(|name| SignInProvider { name }).collect::<Vec<_>>().into()))
}
