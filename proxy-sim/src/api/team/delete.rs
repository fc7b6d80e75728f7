//! `POST /team/delete`: all or nothing, and the teams' keys go with them.

use serde_json::{Value, json};

use crate::api::{Call, Reply};
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    let Some(Value::Array(ids)) = call.body.get("team_ids") else {
        return Err(ApiError::missing(&["body", "team_ids"]));
    };
    let ids: Vec<String> = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    if !call.inner.settings.database {
        return Err(ApiError::detail_error(500, "No db connected"));
    }
    if let Some(unknown) = ids.iter().find(|id| !call.inner.db.teams.contains_key(*id)) {
        return Err(super::not_found(unknown));
    }
    let at = call.stamp();
    // There both stay in the cache, and the keys are served, until their time is over.
    let stay_cached = call.inner.settings.is_old();
    let (db, view) = call.split();
    for id in &ids {
        db.teams.remove(id);
        if !stay_cached {
            view.forget_team(id);
        }
        let keys = db.keys.values().filter(|key| key.str("team_id") == Some(id.as_str()));
        let tokens: Vec<String> = keys.map(|key| key.token.clone()).collect();
        for token in tokens {
            db.archive_key(&token, &at);
            if !stay_cached {
                view.forget_key(&token);
            }
        }
    }
    Ok(json!({ "deleted_teams": ids }))
}
