//! `PATCH /model/{id}/update`: a merge in which null changes nothing, prices apart.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::clock::new_id;
use crate::error::{ApiError, NO_DATABASE};

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    if call.body.get("litellm_params").is_some_and(|params| !params.is_object() && !params.is_null()) {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        return Err(ApiError::invalid("model_attributes_type", &["body", "litellm_params"], msg));
    }
    input::check_types(&call.body)?;
    let params = input::nested(&call.body, "litellm_params");
    let remove = removals(call)?;
    if let Some(both) = remove.iter().find(|name| params.contains_key(*name)) {
        let msg = format!("Value error, Cannot set and remove the same litellm_params keys: {both}");
        return Err(ApiError::invalid("value_error", &["body"], &msg));
    }
    if remove.iter().any(|name| name == "model") {
        let msg = "Value error, The required litellm_params.model cannot be removed";
        return Err(ApiError::invalid("value_error", &["body"], msg));
    }
    if !call.inner.settings.database {
        return Err(ApiError::detail_error(500, NO_DATABASE));
    }
    if !call.inner.settings.store_model_in_db {
        let message = "Model updates only supported for DB-stored models";
        return Err(ApiError::proxy(400, "validation_error", None, message));
    }
    let id = call.param.clone();
    let name = input::text(&call.body, "model_name").map(str::to_owned);
    let mut info = input::nested(&call.body, "model_info");
    // A `model_info` without an id is echoed with a made-up one; the row keeps its own.
    let sent_info = !info.is_empty();
    let echoed = match info.remove("id") {
        Some(Value::String(id)) => id,
        _ if sent_info => new_id(),
        _ => id.clone(),
    };
    let at = call.stamp();
    let (db, view) = call.split();
    let Some(row) = db.models.get_mut(&id) else {
        let message = format!("Model {id} not found on proxy.");
        return Err(ApiError::proxy(404, "not_found_error", None, message));
    };
    for (field, value) in params {
        if !value.is_null() {
            row.params.insert(field, value);
        } else if field.ends_with("_cost_per_token") {
            row.params.remove(&field);
        }
    }
    for field in &remove {
        row.params.remove(field);
    }
    // Top-level fields are replaced, not merged deeper.
    row.info.extend(info);
    row.info.insert("id".to_owned(), json!(id));
    if let Some(name) = name {
        row.name = name;
    }
    row.updated_at = at;
    let answer = render::model_written(row, &echoed);
    view.reload_models(db);
    Ok(answer)
}

/// `litellm_params_to_remove`; versions before 1.109 do not know the field and ignore it.
fn removals(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    if !call.inner.settings.since(109) {
        return Ok(Vec::new());
    }
    match call.body.get("litellm_params_to_remove") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(names)) => {
            Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
        }
        Some(_) => {
            let loc = ["body", "litellm_params_to_remove"];
            Err(ApiError::invalid("list_type", &loc, "Input should be a valid list"))
        }
    }
}
