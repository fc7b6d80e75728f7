//! `POST /api/observe-mode/end`

use axum::extract::State;

use crate::{
    api::{ApiState, answer, problem::Result, write::Write},
    service::{
        observe::{self, ObserveMode},
        sync::Synced,
    },
};

/// End observe mode: the registry is the truth again. What was revoked after its state was saved comes back, unless it was
/// revoked again before this.
#[utoipa::path(
    post, path = "/api/observe-mode/end", tag = "proxies",
    responses((status = 200, body = Synced<ObserveMode>)),
)]
pub async fn end_observe_mode(State(state): State<ApiState>, write: Write) -> Result {
    let written = observe::end(&state.services, &write.ctx).await?;
    answer::write(&state, &write, written).await
}
