//! `/health/*`: liveness, readiness, version, licence. None of them costs a model call.

use serde_json::json;

use super::{Call, Reply};
use crate::error::ApiError;

#[expect(clippy::unnecessary_wraps, reason = "the route list's signature")]
pub(super) fn liveliness(_: &mut Call<'_>) -> Reply {
    Ok(json!("I'm alive!"))
}

/// Says nothing about a wiped database. The version is here up to 1.83 only.
#[expect(clippy::unnecessary_wraps, reason = "the route list's signature")]
pub(super) fn readiness(call: &mut Call<'_>) -> Reply {
    let status =
        if call.inner.settings.is_old() && call.inner.settings.database { "connected" } else { "healthy" };
    let mut body = json!({ "status": status, "db": db(call) });
    if !call.inner.settings.since(84) {
        body["litellm_version"] = json!(call.inner.settings.version);
    }
    Ok(body)
}

pub(super) fn details(call: &mut Call<'_>) -> Reply {
    if !call.inner.settings.since(84) {
        return Err(ApiError::detail(404, "Not Found"));
    }
    Ok(json!({
        "status": "healthy",
        "db": db(call),
        "cache": null,
        "litellm_version": call.inner.settings.version,
        "success_callbacks": [],
        "use_aiohttp_transport": true,
        "log_level": "WARNING",
        "is_detailed_debug": false,
    }))
}

pub(super) fn license(call: &mut Call<'_>) -> Reply {
    if !call.inner.settings.since(80) {
        return Err(ApiError::detail(404, "Not Found"));
    }
    Ok(json!({
        "has_license": false,
        "license_type": "community",
        "expiration_date": null,
        "allowed_features": [],
        "limits": { "max_users": null, "max_teams": null },
    }))
}

fn db(call: &Call<'_>) -> &'static str {
    if call.inner.settings.database { "connected" } else { "Not connected" }
}
