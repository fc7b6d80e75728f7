//! `/_sim/*`: the test handle over HTTP, for simulators in another process. Asks for the master key. These calls
//! are not logged and meet no faults. They never show a request's body or a stored secret.

use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::faults::Rule;
use crate::serve::{self, Incoming};
use crate::state::SimState;
use crate::world::Settings;

pub(crate) fn answer(state: &SimState, incoming: &Incoming) -> Response {
    let sent = incoming.headers.get("authorization").and_then(|value| value.to_str().ok());
    let result = if sent == Some(&format!("Bearer {}", state.world.master_key)) {
        run(state, incoming)
    } else {
        Err(ApiError::auth("`/_sim` needs the simulator's master key as a bearer token."))
    };
    match result {
        Ok(body) => serve::json(200, &body),
        Err(error) => serve::json(error.status, &error.body),
    }
}

fn run(state: &SimState, incoming: &Incoming) -> Result<Value, ApiError> {
    match (incoming.method.as_str(), incoming.path()) {
        ("GET", "/_sim/faults") => {
            let rules = state.faults().into_iter().map(|(id, rule)| json!({ "id": id, "rule": rule }));
            Ok(json!({ "faults": rules.collect::<Vec<_>>() }))
        }
        ("POST", "/_sim/faults") => {
            let rule: Rule = body(incoming)?;
            Ok(json!({ "id": state.fault(rule) }))
        }
        ("DELETE", "/_sim/faults") => {
            state.clear_faults();
            Ok(json!({}))
        }
        ("GET", "/_sim/requests") => Ok(json!({ "requests": state.requests(), "writes": state.writes() })),
        ("DELETE", "/_sim/requests") => {
            state.clear_requests();
            Ok(json!({}))
        }
        ("GET", "/_sim/held") => Ok(json!({ "held": state.held() })),
        ("POST", "/_sim/release") => {
            let Release { seq } = body(incoming)?;
            if let Some(seq) = seq {
                return Ok(json!({ "released": state.release(seq) }));
            }
            state.release_all();
            Ok(json!({ "released": true }))
        }
        ("POST", "/_sim/wipe") => {
            let Wipe { keep_caches } = body(incoming)?;
            if keep_caches {
                state.wipe_keeping_caches();
            } else {
                state.wipe();
            }
            Ok(json!({}))
        }
        ("POST", "/_sim/flush") => {
            state.flush_caches();
            Ok(json!({}))
        }
        ("POST", "/_sim/clock") => {
            let Advance { advance_ms } = body(incoming)?;
            state.world.clock.advance(advance_ms);
            Ok(json!({}))
        }
        ("GET", "/_sim/settings") => Ok(json!(state.settings())),
        ("PUT", "/_sim/settings") => {
            let settings: Settings = body(incoming)?;
            state.set_settings(settings);
            Ok(json!({}))
        }
        _ => Err(ApiError::detail(404, "Not Found")),
    }
}

/// An empty body stands for an empty object.
fn body<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, ApiError> {
    let bytes: &[u8] = if incoming.body.is_empty() { b"{}" } else { &incoming.body };
    serde_json::from_slice(bytes).map_err(|error| ApiError::detail(422, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    seq: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[derive(Default)]
struct Wipe {
    keep_caches: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_ms: u32,
}
