//! `GET /ready`: this replica should get traffic: it has started, is not stopping, and its database answers.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiState,
    problem::{Problem, Result},
};
use crate::service;

/// A load balancer asks every few seconds and does not wait long.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Always `ready`; anything else is a 503.
    pub status: &'static str,
}

#[utoipa::path(get, path = "/ready", tag = "process", responses((status = 200, body = Ready)))]
pub async fn ready(State(state): State<ApiState>) -> Result<Json<Ready>> {
    let unready = |code, detail: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
    if !*state.ready.borrow() {
        return Err(unready("not-ready", "this replica is starting or stopping"));
    }
    match tokio::time::timeout(PATIENCE, service::reachable(&state.services)).await {
        Ok(Ok(())) => Ok(Json(Ready { status: "ready" })),
        _ => Err(unready("database-unavailable", "the database does not answer")),
    }
}
