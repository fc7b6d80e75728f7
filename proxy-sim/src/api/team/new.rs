//! `POST /team/new`. A repeated id is a 400; an alias may repeat.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::clock::new_id;
use crate::db::TeamRow;
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    input::check_types(&call.body)?;
    if !call.inner.settings.database {
        return Err(ApiError::wrapped(500, "No db connected"));
    }
    input::check_enterprise(&call.body)?;
    input::check_budget(&call.body)?;
    let id = input::text(&call.body, "team_id").map_or_else(new_id, str::to_owned);
    if call.inner.db.teams.contains_key(&id) {
        let message = format!("Team id = {id} already exists. Please use a different team id.");
        return Err(ApiError::wrapped(400, &message));
    }
    let mut fields = super::blank(&id, &call.stamp());
    super::merge(call, &mut fields);
    for (name, empty) in [("models", json!([])), ("metadata", json!({}))] {
        if fields.get(name) == Some(&Value::Null) {
            fields.insert(name.to_owned(), empty);
        }
    }
    let (db, view) = call.split();
    let row = TeamRow { seq: db.next_seq(), id: id.clone(), fields };
    let answer = render::team(&row);
    db.teams.insert(id.clone(), row);
    view.forget_team(&id);
    Ok(answer)
}
