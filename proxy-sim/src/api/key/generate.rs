//! `POST /key/generate`. A known key value is answered with 200 and the new values, and nothing changes.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::clock::new_id;
use crate::db::{KeyRow, hash};
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    input::check_types(&call.body)?;
    input::check_enterprise(&call.body)?;
    if call.body.get("model_max_budget").and_then(Value::as_object).is_some_and(|limits| !limits.is_empty()) {
        let message = "Invalid model_max_budget: You must have an enterprise license to set model_max_budget. You must be a LiteLLM Enterprise user to use this feature.";
        return Err(ApiError::proxy(500, "internal_server_error", None, message));
    }
    let key = match input::text(&call.body, "key") {
        Some(key) => checked(call, key)?.to_owned(),
        None => format!("sk-{}", new_id().replace('-', "")),
    };
    input::check_budget(&call.body)?;
    if !call.inner.settings.database {
        return Err(ApiError::no_database());
    }
    super::check_alias(call, None)?;
    let expires = super::expiry(call, 500)?.unwrap_or(Value::Null);
    if let Some(id) = input::text(&call.body, "organization_id") {
        let message = format!(
            "Organization doesn't exist in db. Organization={id}. Create organization via `/organization/new` call."
        );
        return Err(ApiError::proxy(500, "internal_server_error", None, message));
    }
    if input::text(&call.body, "budget_id").is_some() {
        // No budget rows are simulated, so every id is unknown.
        return Err(ApiError::wrapped(500, "Internal Server Error."));
    }
    let at = call.stamp();
    let token = hash(&key);
    let mut fields = super::blank(&key, &at);
    super::merge(call, &mut fields);
    for name in ["models", "metadata", "allowed_routes", "aliases", "permissions"] {
        if fields.get(name) == Some(&Value::Null) {
            let empty = if name == "models" || name == "allowed_routes" { json!([]) } else { json!({}) };
            fields.insert(name.to_owned(), empty);
        }
    }
    fields.insert("expires".to_owned(), expires);
    let mut row = KeyRow { seq: 0, token: token.clone(), fields };
    let mut answer = render::key_row(&row);
    answer["key"] = json!(key);
    answer["token_id"] = json!(token);
    answer["duration"] = Value::Null;
    let (db, view) = call.split();
    if !db.keys.contains_key(&token) {
        row.seq = db.next_seq();
        db.keys.insert(token.clone(), row);
        view.forget_key(&token);
    }
    Ok(answer)
}

fn checked<'a>(call: &Call<'_>, key: &'a str) -> Result<&'a str, ApiError> {
    if !key.starts_with("sk-") {
        let shown = match (key.get(..4), key.get(key.len().saturating_sub(4)..)) {
            (Some(head), Some(tail)) if key.len() > 8 => format!("{head}****{tail}"),
            _ => "****".to_owned(),
        };
        let message =
            format!("Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: {shown}");
        return Err(ApiError::wrapped(400, &message));
    }
    if call.inner.settings.since(94) && key.len() < 16 {
        let message = "Invalid key format. LiteLLM Virtual Key must be at least 16 characters long.";
        return Err(ApiError::wrapped(400, message));
    }
    Ok(key)
}
