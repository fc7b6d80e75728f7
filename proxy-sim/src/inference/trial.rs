//! `POST /health/test_connection`: one real call to an upstream, with the parameters that are sent.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Kind, choose, upstream};
use crate::api::object;
use crate::auth;
use crate::error::ApiError;
use crate::serve::{self, Incoming, Instance};
use crate::world::Inner;

const PATH: &str = "/health/test_connection";

pub(crate) fn is_meant(method: &str, path: &str) -> bool {
    method == "POST" && path == PATH
}

pub(crate) async fn answer(instance: &Instance, incoming: &Incoming) -> Response {
    let target = match target(instance, incoming) {
        Ok(target) => target,
        Err(error) => return serve::json(error.status, &error.body),
    };
    let messages = json!([{ "role": "user", "content": "test from litellm" }]);
    let body = Map::from_iter([("messages".to_owned(), messages)]);
    let answer = match upstream::call(&instance.state.world, &target, Kind::Chat, &body).await {
        Ok(_) => json!({ "status": "success", "result": { "model": target.group } }),
        Err(error) => {
            let said = error.body["error"]["message"].as_str().unwrap_or_default();
            let said = said.split("\n\nLiteLLM:").next().unwrap_or_default();
            json!({ "status": "error", "result": { "model": target.group, "error": format!("{said}\nstack trace: ...") } })
        }
    };
    serve::json(200, &answer)
}

/// What is sent goes over the deployment of the id; over none before 1.84, which knows no id.
fn target(instance: &Instance, incoming: &Incoming) -> Result<choose::Target, ApiError> {
    let world = &*instance.state.world;
    let now = world.clock.now();
    let mut inner = world.lock();
    let Inner { db, views, .. } = &mut *inner;
    views[instance.number].poll(db, now);
    let request = auth::Request { path: PATH, model: None, inference: false, master_key: &world.master_key };
    let caller = auth::authenticate(&mut inner, instance.number, &incoming.headers, &request, now)?;
    auth::allow(crate::api::Who::ModelPatchAdmin, &caller, PATH)?;
    let body = object(&incoming.body)?;
    let sent = body.get("litellm_params").and_then(Value::as_object).cloned().unwrap_or_default();
    let id = body.get("model_info").and_then(|info| info["id"].as_str()).unwrap_or_default();
    let view = &inner.views[instance.number];
    let known = view.models.get(id).filter(|_| inner.settings.since(84)).map(|row| row.params.clone());
    let mut params = known.unwrap_or_default();
    params.extend(sent);
    Ok(choose::from_params(&params, world.upstream.as_deref()))
}
