//! `POST /team/update`, `/team/block`, `/team/unblock`: in place; spend goes on, `metadata` is replaced whole.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    input::check_types(&call.body)?;
    let id = input::required(&call.body, "team_id")?.to_owned();
    if !call.inner.settings.database {
        return Err(ApiError::auth("No DB Connected. See - https://docs.litellm.ai/docs/proxy/virtual_keys"));
    }
    let Some(mut row) = call.inner.db.teams.get(&id).cloned() else {
        return Err(ApiError::wrapped(404, &format!("Team not found, passed team_id={id}")));
    };
    input::check_enterprise(&call.body)?;
    input::check_budget(&call.body)?;
    for name in ["models", "metadata"] {
        if call.body.get(name) == Some(&Value::Null) {
            let message = format!(
                "Unable to match input value to any allowed input type for the field. `data.{name}`: A value is required but not set"
            );
            return Err(ApiError::proxy(500, "internal_server_error", None, message));
        }
    }
    super::merge(call, &mut row.fields);
    row.set("updated_at", call.stamp());
    let answer = json!({ "team_id": id, "data": render::team(&row) });
    let (db, view) = call.split();
    db.teams.insert(id.clone(), row);
    view.forget_team(&id);
    Ok(answer)
}

pub(crate) fn block(call: &mut Call<'_>) -> Reply {
    set(call, true)
}

pub(crate) fn unblock(call: &mut Call<'_>) -> Reply {
    set(call, false)
}

fn set(call: &mut Call<'_>, blocked: bool) -> Reply {
    let id = input::required(&call.body, "team_id")?.to_owned();
    if !call.inner.settings.database {
        return Err(ApiError::internal());
    }
    let at = call.stamp();
    let (db, view) = call.split();
    let Some(row) = db.teams.get_mut(&id) else { return Err(super::not_found(&id)) };
    row.set("blocked", blocked);
    row.set("updated_at", at);
    view.forget_team(&id);
    Ok(render::team(row))
}
