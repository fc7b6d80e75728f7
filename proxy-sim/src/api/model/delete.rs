//! `POST /model/delete`. Gone from this instance at once, from others with their next poll.

use serde_json::json;

use crate::api::{Call, Reply, input};
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    let id = input::required(&call.body, "id")?.to_owned();
    super::need_database(call)?;
    let (db, view) = call.split();
    if db.models.remove(&id).is_none() {
        return Err(ApiError::wrapped(400, &format!("Model with id={id} not found in db")));
    }
    view.reload_models(db);
    Ok(json!({ "message": format!("Model: {id} deleted successfully") }))
}
