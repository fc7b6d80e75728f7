//! `/credentials`: named provider secrets. Reads come from this instance's memory; a PATCH merges
//! `credential_info` there but replaces it in the database, so the merge is gone with the next poll.

use serde_json::{Value, json};

use super::{Call, Reply, input, render};
use crate::db::CredentialRow;
use crate::error::{ApiError, NO_DATABASE};

pub(super) fn create(call: &mut Call<'_>) -> Reply {
    let values = input::nested(&call.body, "credential_values");
    if values.is_empty() && !call.body.contains_key("model_id") {
        let msg = "Value error, Either credential_values or model_id must be set";
        return Err(ApiError::invalid("value_error", &["body"], msg));
    }
    let name = input::required(&call.body, "credential_name")?.to_owned();
    require_info(call)?;
    if !call.inner.settings.database {
        return Err(ApiError::wrapped(500, NO_DATABASE));
    }
    let info = input::nested(&call.body, "credential_info");
    let display_name = call.body.get("display_name").cloned().unwrap_or(Value::Null);
    let conflict = if call.inner.settings.since(104) { 409 } else { 500 };
    let (db, view) = call.split();
    if db.credentials.contains_key(&name) {
        let kind = if conflict == 409 { "invalid_request_error" } else { "internal_server_error" };
        let message = format!(
            "Credential '{name}' already exists. Update it with PATCH /credentials/{name}, or delete it first."
        );
        return Err(ApiError::proxy(conflict, kind, None, message));
    }
    let row = CredentialRow { seq: db.next_seq(), name: name.clone(), display_name, info, values };
    view.credentials.insert(name.clone(), row.clone());
    db.credentials.insert(name, row);
    Ok(json!({ "success": true, "message": "Credential created successfully" }))
}

#[expect(clippy::unnecessary_wraps, reason = "the route list's signature")]
pub(super) fn list(call: &mut Call<'_>) -> Reply {
    let mut rows: Vec<_> = call.inner.views[call.instance].credentials.values().collect();
    rows.sort_by_key(|row| row.seq);
    let credentials: Vec<Value> = rows.into_iter().map(render::credential).collect();
    Ok(json!({ "success": true, "credentials": credentials }))
}

pub(super) fn by_name(call: &mut Call<'_>) -> Reply {
    let name = call.param.as_str();
    match call.inner.views[call.instance].credentials.get(name) {
        Some(row) => Ok(render::credential(row)),
        None => Err(unknown(&format!("Credential not found. Got credential name: {name}"))),
    }
}

pub(super) fn update(call: &mut Call<'_>) -> Reply {
    require_info(call)?;
    if !call.inner.settings.database {
        return Err(ApiError::wrapped(500, NO_DATABASE));
    }
    let name = call.param.clone();
    if input::text(&call.body, "credential_name").is_some_and(|sent| sent != name) {
        let message =
            "credential_name is immutable. Set display_name to change how the credential is labeled.";
        return Err(ApiError::proxy(400, "validation_error", Some("credential_name"), message));
    }
    let values = input::nested(&call.body, "credential_values");
    let info = input::nested(&call.body, "credential_info");
    let (db, view) = call.split();
    let Some(stored) = db.credentials.get_mut(&name) else {
        return Err(unknown("Credential not found in DB."));
    };
    stored.values.extend(values.clone());
    stored.info.clone_from(&info);
    if let Some(held) = view.credentials.get_mut(&name) {
        held.values.extend(values);
        held.info.extend(info);
    }
    Ok(json!({ "success": true, "message": "Credential updated successfully" }))
}

pub(super) fn delete(call: &mut Call<'_>) -> Reply {
    if !call.inner.settings.database {
        return Err(ApiError::wrapped(500, NO_DATABASE));
    }
    let name = call.param.clone();
    let (db, view) = call.split();
    view.credentials.remove(&name);
    match db.credentials.remove(&name) {
        Some(_) => Ok(json!({ "success": true, "message": "Credential deleted successfully" })),
        None => Err(unknown(&format!("Credential not found. Got credential name: {name}"))),
    }
}

fn require_info(call: &Call<'_>) -> Result<(), ApiError> {
    match call.body.get("credential_info") {
        Some(Value::Object(_)) => Ok(()),
        None | Some(Value::Null) => Err(ApiError::missing(&["body", "credential_info"])),
        Some(_) => {
            let loc = ["body", "credential_info"];
            Err(ApiError::invalid("dict_type", &loc, "Input should be a valid dictionary"))
        }
    }
}

fn unknown(message: &str) -> ApiError {
    ApiError::proxy(404, "invalid_request_error", None, message)
}
