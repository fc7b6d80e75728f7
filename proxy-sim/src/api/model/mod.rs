//! `/model/*`: deployments. One file per operation.

pub(super) mod delete;
pub(super) mod info;
pub(super) mod new;
pub(super) mod update;

use super::Call;
use crate::error::ApiError;

/// What LiteLLM needs before it stores a deployment.
fn need_database(call: &Call<'_>) -> Result<(), ApiError> {
    if !call.inner.settings.database {
        let message =
            "No DB Connected. Here's how to do it - https://docs.litellm.ai/docs/proxy/virtual_keys";
        return Err(ApiError::wrapped(500, message));
    }
    Ok(())
}
