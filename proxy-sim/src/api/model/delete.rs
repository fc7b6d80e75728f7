//! `POST /model/delete`. Gone from this instance at once, from others with their next poll.

use serde_json::json;

use crate::api::{Call, Reply, Who, input};
use crate::auth;
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    let id = input::required(&call.body, "id")?.to_owned();
    super::need_database(call)?;
    if !call.inner.db.models.contains_key(&id) {
        return Err(ApiError::wrapped(400, &format!("Model with id={id} not found in db")));
    }
    // Who asks is looked at last here.
    auth::allow(Who::ModelAdmin, &call.caller, "/model/delete")?;
    let (db, view) = call.split();
    db.models.remove(&id);
    view.reload_models(db);
    Ok(json!({ "message": format!("Model: {id} deleted successfully") }))
}
