//! `GET /team/info` and `GET /v2/team/list`: straight from the database.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::db::{Db, TeamRow};
use crate::error::{ApiError, repr};

pub(crate) fn info(call: &mut Call<'_>) -> Reply {
    if !call.inner.settings.database {
        let message = "Database not connected. Connect a database to your proxy - https://docs.litellm.ai/docs/simple_proxy#managing-auth---virtual-keys";
        return Err(ApiError::wrapped(500, message));
    }
    let Some(id) = call.query("team_id") else {
        let message = repr("message", "Malformed request. No team id passed in.");
        return Err(ApiError::proxy(422, "invalid_request_error", None, message));
    };
    let db = &call.inner.db;
    let Some(row) = db.teams.get(id) else {
        let message = repr("message", &format!("Team not found, passed team id: {id}."));
        return Err(ApiError::proxy(404, "invalid_request_error", None, message));
    };
    let keys: Vec<Value> = team_keys(db, id).map(render::key_row).collect();
    let membership = json!({
        "user_id": "default_user_id", "team_id": id, "budget_id": null, "spend": 0.0,
        "total_spend": 0.0, "litellm_budget_table": null, "budget_source": "none",
    });
    Ok(json!({
        "team_id": id,
        "team_info": render::team(row),
        "keys": keys,
        "team_memberships": [membership],
    }))
}

pub(crate) fn list(call: &mut Call<'_>) -> Reply {
    let page = input::page(call.query("page"), "page", 1, None)?;
    let size = input::page(call.query("page_size"), "page_size", 10, Some(100))?;
    if !call.inner.settings.database {
        return Err(ApiError::detail_error(500, "No db connected. prisma client=None"));
    }
    let db = &call.inner.db;
    let mut rows: Vec<&TeamRow> = db.teams.values().collect();
    if let Some(id) = call.query("team_id") {
        rows.retain(|row| row.id == id);
    }
    if let Some(alias) = call.query("team_alias") {
        rows.retain(|row| row.str("team_alias").is_some_and(|name| name.contains(alias)));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    let total = rows.len();
    let teams: Vec<Value> = rows
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|row| {
            let mut team = row.fields.clone();
            team.insert("members_count".to_owned(), json!(1));
            team.insert("keys_count".to_owned(), json!(team_keys(db, &row.id).count()));
            Value::Object(team)
        })
        .collect();
    Ok(json!({
        "teams": teams,
        "total": total,
        "page": page,
        "page_size": size,
        "total_pages": total.div_ceil(size),
    }))
}

fn team_keys<'a>(db: &'a Db, id: &'a str) -> impl Iterator<Item = &'a crate::db::KeyRow> {
    db.keys.values().filter(move |key| key.str("team_id") == Some(id))
}
