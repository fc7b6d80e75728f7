//! `GET /key/info` and `GET /key/list`: straight from the database, so never stale.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::auth::Caller;
use crate::db::{Db, KeyRow};
use crate::error::ApiError;

/// A deleted key is still shown (since 1.104), with `status: deleted`; the live one wins.
pub(crate) fn info(call: &mut Call<'_>) -> Reply {
    if !call.inner.settings.database {
        let message = "Internal server error from /key/info. Details are in the proxy server logs.";
        return Err(ApiError::proxy(500, "internal_error", None, message));
    }
    let named = match (call.query("key"), &call.caller) {
        (Some(key), _) => key.to_owned(),
        (None, Caller::Key { key, .. }) => key.token.clone(),
        (None, _) => return Err(super::not_found("Key not found in database")),
    };
    let token = Db::token_of(&named);
    let db = &call.inner.db;
    let (row, status) = match db.keys.get(&token) {
        Some(row) => (row, status(row, call.now)),
        None if call.inner.settings.since(104) => {
            match db.deleted_keys.iter().rev().find(|row| row.token == token) {
                Some(row) => (row, "deleted"),
                None => return Err(super::not_found("Key not found in database")),
            }
        }
        None => return Err(super::not_found("Key not found in database")),
    };
    let mut info = render::key_info(row);
    if call.inner.settings.since(104) {
        info.insert("status".to_owned(), json!(status));
    }
    Ok(json!({ "key": named, "info": info }))
}

pub(crate) fn list(call: &mut Call<'_>) -> Reply {
    let page = input::page(call.query("page"), "page", 1, None)?;
    let size = input::page(call.query("size"), "size", 10, Some(100))?;
    if !call.inner.settings.database {
        return Err(ApiError::proxy(500, "internal_server_error", None, "Database not connected"));
    }
    let db = &call.inner.db;
    let mut rows: Vec<&KeyRow> = match call.query("status") {
        Some("deleted") => db.deleted_keys.iter().collect(),
        None => db.keys.values().collect(),
        Some(wanted @ ("active" | "expired" | "revoked")) => {
            db.keys.values().filter(|row| status(row, call.now) == wanted).collect()
        }
        Some(_) => {
            let message = "Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'.";
            return Err(ApiError::wrapped(400, message));
        }
    };
    for field in ["key_alias", "team_id", "user_id"] {
        if let Some(wanted) = call.query(field) {
            rows.retain(|row| row.str(field) == Some(wanted));
        }
    }
    if let Some(token) = call.query("key_hash") {
        rows.retain(|row| row.token == token);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    let total = rows.len();
    let full = call.query("return_full_object") == Some("true");
    let keys: Vec<Value> = rows
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|row| if full { render::key_row(row) } else { json!(row.token) })
        .collect();
    Ok(json!({
        "keys": keys,
        "total_count": total,
        "current_page": page,
        "total_pages": total.div_ceil(size),
    }))
}

/// LiteLLM's word for a live key's state; a block wins over an expiry.
fn status(row: &KeyRow, now: DateTime<Utc>) -> &'static str {
    if row.is_blocked() {
        "revoked"
    } else if row.expires().is_some_and(|at| at < now) {
        "expired"
    } else {
        "active"
    }
}
