//! `/team/*`: teams. One file per operation; here is what creating and updating share.

pub(super) mod delete;
pub(super) mod new;
pub(super) mod read;
pub(super) mod update;

use serde_json::{Value, json};

use super::{Call, render};
use crate::clock::stamp;
use crate::db::Row;
use crate::duration;
use crate::error::ApiError;

/// Fields of a request that are stored as they come. `spend` is not among them: LiteLLM ignores it.
const STORED: [&str; 9] = [
    "team_alias",
    "models",
    "metadata",
    "max_budget",
    "budget_duration",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "blocked",
];

fn blank(id: &str, at: &str) -> Row {
    let mut row = render::blank(
        &[
            "team_alias",
            "organization_id",
            "tpm_limit",
            "rpm_limit",
            "tpd_limit",
            "max_budget",
            "soft_budget",
            "budget_duration",
            "budget_limits",
            "max_parallel_requests",
            "budget_reset_at",
            "model_id",
            "litellm_model_table",
            "object_permission",
            "object_permission_id",
        ],
        &[
            "admins",
            "members",
            "team_member_permissions",
            "models",
            "access_group_ids",
            "default_team_member_models",
            "policies",
        ],
        &["metadata", "router_settings", "model_spend", "model_max_budget"],
    );
    let more = json!({
        "team_id": id, "spend": 0.0, "blocked": false, "allow_team_guardrail_config": false,
        "members_with_roles": [{ "user_id": "default_user_id", "user_email": null, "role": "admin" }],
        "created_at": at, "updated_at": at,
    });
    render::extend(&mut row, more);
    row
}

/// Merges a request into a row: what is absent stays, null clears.
fn merge(call: &Call<'_>, row: &mut Row) {
    for name in STORED {
        let Some(value) = call.body.get(name) else { continue };
        let value = match (name, value) {
            ("max_budget", Value::Number(n)) => json!(n.as_f64()),
            ("max_budget", Value::String(s)) => json!(s.parse::<f64>().ok()),
            ("blocked", Value::Null) => json!(false),
            _ => value.clone(),
        };
        row.insert(name.to_owned(), value);
    }
    if let Some(word) = call.body.get("budget_duration") {
        let reset = word.as_str().and_then(|word| duration::next_reset(call.now, word));
        row.insert("budget_reset_at".to_owned(), json!(reset.map(stamp)));
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::detail_error(404, &format!("Team not found, passed team_id={id}"))
}
