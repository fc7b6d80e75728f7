//! `/api/agents/{did}/llm-config`: how an agent gets its LLM, and the document that follows from it.

pub mod delete;
pub mod get;
pub mod put;
pub mod retry;

use axum::{Json, response::IntoResponse as _};

use crate::{
    api::{ApiState, answer, problem::Result, write::Write},
    service::{
        Written,
        llm_config::{self, LlmConfigView},
        sync::Synced,
    },
};

/// The answer to a write: read again when it waited, since the document may have moved on.
async fn answer(state: &ApiState, write: &Write, did: &str, written: Written<LlmConfigView>) -> Result {
    let sync = answer::settle(state, write.wait, &written).await?;
    let headers = answer::headers(write.wait, &written);
    let view = match write.wait {
        Some(_) => llm_config::get(&state.services, &write.ctx.reach, did).await?,
        None => written.view,
    };
    Ok((headers, Json(Synced { view, sync })).into_response())
}
