//! `/key/*`: virtual keys. One file per operation; here is what creating and updating share.

pub(super) mod block;
pub(super) mod delete;
pub(super) mod generate;
pub(super) mod read;
pub(super) mod update;

use serde_json::{Value, json};

use super::{Call, input, render};
use crate::clock::stamp;
use crate::db::{Db, Row};
use crate::duration;
use crate::error::ApiError;

/// Fields of a request that are stored as they come.
const STORED: [&str; 17] = [
    "key_alias",
    "models",
    "max_budget",
    "budget_duration",
    "metadata",
    "team_id",
    "user_id",
    "allowed_routes",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_parallel_requests",
    "blocked",
    "spend",
    "aliases",
    "permissions",
    "key_type",
];

/// A key as LiteLLM stores it when nothing is asked for.
fn blank(key: &str, at: &str) -> Row {
    let tail: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
    let mut row = render::blank(
        &[
            "key_alias",
            "expires",
            "user_id",
            "team_id",
            "agent_id",
            "project_id",
            "max_parallel_requests",
            "blocked",
            "tpm_limit",
            "rpm_limit",
            "tpd_limit",
            "max_budget",
            "budget_duration",
            "budget_reset_at",
            "budget_id",
            "organization_id",
            "object_permission_id",
            "settings_updated_at",
            "last_active",
            "rotation_interval",
            "last_rotation_at",
            "key_rotation_at",
            "budget_limits",
            "litellm_budget_table",
            "object_permission",
        ],
        &["models", "allowed_cache_controls", "allowed_routes", "policies", "access_group_ids"],
        &[
            "aliases",
            "config",
            "router_settings",
            "permissions",
            "metadata",
            "model_spend",
            "model_max_budget",
            "budget_fallbacks",
        ],
    );
    let more = json!({
        "key_name": format!("sk-...{tail}"), "key_type": "default", "soft_budget_cooldown": false,
        "spend": 0.0, "total_spend": 0.0, "rotation_count": 0, "auto_rotate": false,
        "created_at": at, "created_by": "default_user_id",
        "updated_at": at, "updated_by": "default_user_id",
    });
    render::extend(&mut row, more);
    row
}

/// Merges a request into a row: what is absent stays, null clears.
fn merge(call: &Call<'_>, row: &mut Row) {
    for name in STORED {
        let Some(value) = call.body.get(name) else { continue };
        let value = match (name, value) {
            ("max_budget" | "spend", Value::Number(n)) => json!(n.as_f64()),
            ("max_budget" | "spend", Value::String(s)) => json!(s.parse::<f64>().ok()),
            ("spend", Value::Null) => json!(0.0),
            _ => value.clone(),
        };
        row.insert(name.to_owned(), value);
    }
    if let Some(word) = call.body.get("budget_duration") {
        // Sending it, even unchanged, moves the reset.
        let reset = word.as_str().and_then(|word| duration::next_reset(call.now, word));
        row.insert("budget_reset_at".to_owned(), json!(reset.map(stamp)));
    }
}

/// `duration` as the value of `expires`: `None` if it was not sent, null to never expire. A word that LiteLLM does
/// not know is refused with the given status.
fn expiry(call: &Call<'_>, status: u16) -> Result<Option<Value>, ApiError> {
    let word = match call.body.get("duration") {
        None => return Ok(None),
        Some(Value::String(word)) if word != "-1" => word,
        Some(_) => return Ok(Some(Value::Null)),
    };
    // Old versions end a key when a budget of that length would start again.
    let end = if call.inner.settings.is_old() { duration::next_reset } else { duration::after };
    if let Some(at) = end(call.now, word) {
        return Ok(Some(json!(stamp(at))));
    }
    let kind = if status == 400 { "invalid_request_error" } else { "internal_server_error" };
    let message = format!("Unsupported duration unit, passed duration: {word}");
    Err(ApiError::proxy(status, kind, None, message))
}

/// An alias is printable, and of one key only.
fn check_alias(call: &Call<'_>, own_token: Option<&str>) -> Result<(), ApiError> {
    let Some(alias) = input::text(&call.body, "key_alias") else { return Ok(()) };
    if alias.chars().any(char::is_control) || alias.split('/').any(|part| part == "..") {
        let message = "Invalid key_alias: must not contain control characters (such as tab or newline) or a \"..\" path segment";
        return Err(ApiError::proxy(400, "bad_request_error", Some("key_alias"), message));
    }
    match call.inner.db.key_by_alias(alias) {
        Some(key) if Some(key.token.as_str()) != own_token => {
            let message = format!(
                "Key with alias '{alias}' already exists. Unique key aliases across all keys are required."
            );
            Err(ApiError::proxy(400, "bad_request_error", Some("key_alias"), message))
        }
        _ => Ok(()),
    }
}

fn not_found(message: &str) -> ApiError {
    ApiError::proxy(404, "not_found_error", Some("key"), message)
}

/// The token of the key that a body names by itself or by its hash.
fn named_token(call: &Call<'_>) -> Result<String, ApiError> {
    input::required(&call.body, "key").map(Db::token_of)
}
