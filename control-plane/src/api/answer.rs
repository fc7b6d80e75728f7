//! The answer to a write: body with `sync`, `ETag`, `X-Reeve-Revision`, and the wait that the caller asked for.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiState, problem::Result, write::Write};
use crate::service::{
    Written, converge,
    sync::{self, Sync, SyncState, Synced},
};

pub(super) const REVISION: HeaderName = HeaderName::from_static("x-reeve-revision");
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// Id of what is gone: a UUID, or an agent's DID.
    pub id: String,
    /// Always true: the registry has forgotten it. `sync` says how far the proxies are.
    pub deleted: bool,
    pub sync: Sync,
}

/// Waits as asked, and answers with the view and its `sync`: 201 when something was made, else 200.
pub async fn write<T: Serialize>(state: &ApiState, write: &Write, written: Written<T>) -> Result {
    let sync = settle(state, write.wait, &written).await?;
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    let headers = headers(write.wait, &written);
    Ok((status, headers, Json(Synced { view: written.view, sync })).into_response())
}

/// As [`write`], after a removal.
pub async fn deleted<T: std::fmt::Display>(state: &ApiState, write: &Write, written: Written<T>) -> Result {
    let sync = settle(state, write.wait, &written).await?;
    let body = Deleted { id: written.view.to_string(), deleted: true, sync };
    Ok((StatusCode::OK, headers(write.wait, &written), Json(body)).into_response())
}

/// Holds the answer until the change has converged or the caller's time is up; then says how far it is.
pub async fn settle<T>(state: &ApiState, wait: Option<Duration>, written: &Written<T>) -> Result<Sync> {
    let agents = match (wait, written.revision) {
        (Some(patience), Some(revision)) => Some(converge::wait(&state.services, revision, patience).await?),
        _ => None,
    };
    let mut sync = sync::of_write(&state.services, written.revision, &written.objects).await?;
    if agents.is_some_and(|counts| counts.pending > 0) && sync.state != SyncState::Failed {
        sync.state = SyncState::Pending;
    }
    sync.agents = agents;
    Ok(sync)
}

/// The headers of a write's answer.
pub fn headers<T>(wait: Option<Duration>, written: &Written<T>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(version) = written.version {
        headers.extend(etag(version));
    }
    if let Some(revision) = written.revision {
        headers.insert(REVISION, revision.into());
        if let Some(wait) = wait
            && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
        {
            headers.insert(PREFERENCE_APPLIED, applied);
        }
    }
    headers
}

/// A read of something that people edit.
pub fn read<T: Serialize>(version: i64, body: T) -> Response {
    (etag(version), Json(body)).into_response()
}

fn etag(version: i64) -> HeaderMap {
    HeaderValue::from_str(&format!("\"{version}\"")).map(|etag| (header::ETAG, etag)).into_iter().collect()
}
