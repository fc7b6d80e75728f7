//! `POST /key/update`: a merge in place; spend goes on, `metadata` is replaced whole, null clears.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::db::Db;
use crate::error::{ApiError, repr};

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    input::check_types(&call.body)?;
    let named = input::text(&call.body, "key").map(str::to_owned);
    let alias = input::text(&call.body, "key_alias").map(str::to_owned);
    if named.is_none() && alias.is_none() {
        let msg = "Value error, either key or key_alias must be provided";
        return Err(ApiError::invalid("value_error", &["body"], msg));
    }
    if !call.inner.settings.database {
        return Err(ApiError::wrapped(500, "Database not connected"));
    }
    let token = if let Some(key) = &named {
        Db::token_of(key)
    } else {
        let alias = alias.unwrap_or_default();
        let found = call.inner.db.key_by_alias(&alias).map(|key| key.token.clone());
        found.ok_or_else(|| {
            let message = format!("Key not found. No key with key_alias='{alias}'.");
            ApiError::proxy(404, "not_found_error", Some("key_alias"), message)
        })?
    };
    if !call.inner.db.keys.contains_key(&token) {
        return Err(if call.inner.settings.is_old() {
            ApiError::auth("invalid user key - user key does not exist in db.")
        } else {
            super::not_found("Key not found.")
        });
    }
    input::check_enterprise(&call.body)?;
    input::check_budget(&call.body)?;
    for name in ["models", "metadata", "allowed_routes"] {
        if call.body.get(name) == Some(&Value::Null) {
            // Prisma refuses the row.
            let message = format!(
                "Unable to match input value to any allowed input type for the field. `data.{name}`: A value is required but not set"
            );
            return Err(ApiError::proxy(400, "invalid_request_error", None, message));
        }
    }
    super::check_alias(call, Some(&token))?;
    if let Some(team) = input::text(&call.body, "team_id")
        && !call.inner.db.teams.contains_key(team)
    {
        let message = format!("Team doesn't exist in db. Team={team}. Create team via `/team/new` call.");
        return Err(ApiError::proxy(404, "invalid_request_error", None, repr("error", &message)));
    }
    check_move(call, &token)?;
    let expires = super::expiry(call, 400)?;
    let at = call.stamp();
    let Some(mut row) = call.inner.db.keys.get(&token).cloned() else {
        return Err(super::not_found("Key not found."));
    };
    super::merge(call, &mut row.fields);
    if let Some(expires) = expires {
        row.set("expires", expires);
    }
    row.set("updated_at", at.clone());
    row.set("settings_updated_at", at);
    let mut answer = render::key_info(&row);
    answer.insert("key".to_owned(), json!(named.as_deref().unwrap_or(&token)));
    answer.insert("token".to_owned(), json!(token));
    let (db, view) = call.split();
    db.keys.insert(token.clone(), row);
    view.forget_key(&token);
    Ok(Value::Object(answer))
}

/// A key may change its team when the new one has its user and everything that it may call now.
fn check_move(call: &Call<'_>, token: &str) -> Result<(), ApiError> {
    let db = &call.inner.db;
    let (Some(id), Some(key)) = (input::text(&call.body, "team_id"), db.keys.get(token)) else {
        return Ok(());
    };
    let Some(team) = db.teams.get(id).filter(|_| key.str("team_id") != Some(id)) else { return Ok(()) };
    let refused = |message: String| ApiError::proxy(403, "auth_error", None, message);
    let all = team.strings("models");
    if let Some(model) = key.strings("models").into_iter().find(|m| !all.is_empty() && !all.contains(m)) {
        let message = format!(
            "Team not allowed to access model. Team={id}, Model={model}. Allowed team models = {all:?}"
        );
        let status = if call.inner.settings.is_old() { 401 } else { 403 };
        return Err(ApiError::proxy(status, "team_model_access_denied", Some("model"), message));
    }
    match key.str("user_id") {
        Some(user) if user != "default_user_id" => Err(refused(format!(
            "User={user} is not a member of the team={id}. Check team members via `/team/info`."
        ))),
        _ => Ok(()),
    }
}
