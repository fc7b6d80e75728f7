//! `POST /model/new`. A repeated id is a 500, a missing one makes a second deployment, an unknown provider is
//! stored and answered with 500.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::clock::new_id;
use crate::db::ModelRow;
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    // LiteLLM validates these two by hand, and trips.
    if !call.body.contains_key("litellm_params") || !call.body.contains_key("model_name") {
        return Err(ApiError::internal());
    }
    input::check_types(&call.body)?;
    let mut params = input::nested(&call.body, "litellm_params");
    params.retain(|_, value| !value.is_null());
    if !params.get("model").is_some_and(Value::is_string) {
        return Err(ApiError::missing(&["body", "litellm_params", "model"]));
    }
    super::need_database(call)?;
    if !call.inner.settings.store_model_in_db {
        let message = "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature.";
        return Err(ApiError::wrapped(500, message));
    }
    let mut info = input::nested(&call.body, "model_info");
    let id = match info.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => new_id(),
    };
    info.insert("id".to_owned(), json!(id));
    if let Some(team) = input::text(&info, "team_id") {
        return Err(if call.inner.db.teams.contains_key(team) {
            let message = "Creating team models requires a LiteLLM Enterprise license.";
            ApiError::wrapped(403, message)
        } else {
            ApiError::wrapped(400, &format!("Team id={team} does not exist in db"))
        });
    }
    let name = input::required(&call.body, "model_name")?.to_owned();
    let at = call.stamp();
    let (db, view) = call.split();
    if db.models.contains_key(&id) {
        let message = "Failed to add model to db. Check your server logs for more details.";
        return Err(ApiError::wrapped(500, message));
    }
    let row = ModelRow {
        seq: db.next_seq(),
        id: id.clone(),
        name,
        params,
        info,
        created_at: at.clone(),
        updated_at: at,
    };
    let answer = render::model_written(&row, &id);
    let live = row.is_live();
    db.models.insert(id.clone(), row);
    view.reload_models(db);
    if !live && call.inner.settings.since(96) {
        let message = format!(
            "Model create was saved to the database, but the model id(s) ['{id}'] are not live in this pod's router after the reload and are not being served by this pod. Other pods reload on their own interval. Check server logs for 'Error upserting deployment' or 'Error creating deployment' for the cause."
        );
        return Err(ApiError::proxy(500, "internal_server_error", None, message));
    }
    Ok(answer)
}
