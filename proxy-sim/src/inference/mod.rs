//! Inference: the caller's rights, the choice of a deployment, the upstream call, the spend.
//! Called by `api` for its routes. The lock is held before and after the upstream call, never across it.

mod choose;
mod kind;
mod reply;
pub(crate) mod trial;
mod upstream;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::{Map, Value};

use self::choose::Target;
pub(crate) use self::kind::Kind;
use crate::api::object;
use crate::auth::{self, Caller};
use crate::error::ApiError;
use crate::serve::{self, Incoming, Instance};
use crate::world::Inner;

/// Attempts over the deployments of one name (LiteLLM's default: 2 retries).
const ATTEMPTS: usize = 3;

/// A call that may be made.
struct Admitted {
    caller: Caller,
    body: Map<String, Value>,
    /// Deployments to try, best first.
    targets: Vec<Target>,
}

pub(crate) async fn answer(instance: &Instance, incoming: &Incoming, kind: Kind) -> Response {
    let admitted = match admit(instance, incoming, kind) {
        Ok(admitted) => admitted,
        Err(error) => return serve::json(error.status, &error.body),
    };
    let Admitted { caller, body, targets } = admitted;
    let mut failure = ApiError::internal();
    for target in targets.iter().cycle().take(ATTEMPTS.max(targets.len())) {
        match upstream::call(&instance.state.world, target, kind, &body).await {
            Ok(answer) => return succeed(instance, target, &caller, kind, &body, answer),
            Err(error) => failure = error,
        }
        if failure.status < 500 && failure.status != 429 {
            break;
        }
    }
    let failure = kind.shaped(failure);
    serve::json(failure.status, &failure.body)
}

fn admit(instance: &Instance, incoming: &Incoming, kind: Kind) -> Result<Admitted, ApiError> {
    let world = &*instance.state.world;
    let now = world.clock.now();
    let query = incoming.query();
    let parsed = object(&incoming.body);
    let in_body = parsed.as_ref().ok().and_then(|body| body.get("model")).and_then(Value::as_str);
    let mut inner = world.lock();
    let Inner { db, views, settings, .. } = &mut *inner;
    let in_query = query.get("model").map(String::as_str).filter(|_| !settings.drops_model_query);
    views[instance.number].poll(db, now);
    // The right is checked for the body's model; the query's model, if there is one, is what gets called. That is
    // LiteLLM's hole (BerriAI/litellm#41810). Up to 1.80 a model in the query alone was not checked at all.
    let checked = if settings.is_old() { in_body } else { in_body.or(in_query) };
    let request = auth::Request {
        path: incoming.path(),
        model: checked,
        inference: true,
        master_key: &world.master_key,
    };
    let old = settings.is_old();
    let caller = auth::authenticate(&mut inner, instance.number, &incoming.headers, &request, now)?;
    let called = in_query.or(in_body).map(str::to_owned);
    let body = parsed?;
    if let Some(error) = kind.missing(&body, old) {
        return Err(error);
    }
    let Some(called) = called else { return Err(kind.unavailable("None")) };
    let Inner { db, views, .. } = &mut *inner;
    let view = &mut views[instance.number];
    if view.deployments(&called).is_empty() {
        // A name this instance does not know makes it read the database.
        view.reload_models(db);
    }
    let targets = choose::targets(view, &called, world.upstream.as_deref());
    if targets.is_empty() {
        return Err(kind.unavailable(&called));
    }
    Ok(Admitted { caller, body, targets })
}

fn succeed(
    instance: &Instance,
    target: &Target,
    caller: &Caller,
    kind: Kind,
    body: &Map<String, Value>,
    mut answer: Value,
) -> Response {
    let used = |name: &str| answer["usage"][name].as_f64().unwrap_or_default();
    let cost = used("prompt_tokens") * target.input_cost + used("completion_tokens") * target.output_cost;
    let key_spend = spend(instance, caller, cost);
    // The name in the answer is the one the body asked for, whatever was called.
    let shown = body.get("model").and_then(Value::as_str).unwrap_or(&target.model).to_owned();
    answer["model"] = Value::String(shown);
    let stream = kind == Kind::Chat && body.get("stream") == Some(&Value::Bool(true));
    let mut response =
        if stream { reply::stream(&answer) } else { serve::json(200, &reply::shaped(kind, &answer)) };
    let version = instance.state.settings().version;
    for (name, value) in [
        ("x-litellm-model-id", target.id.clone()),
        ("x-litellm-model-group", target.group.clone()),
        ("x-litellm-version", version),
        ("x-litellm-response-cost", cost.to_string()),
        ("x-litellm-key-spend", key_spend.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Counts the cost on the key and its team; the key's spend so far. LiteLLM writes this to its database some
/// 10 s later; here it is there at once.
fn spend(instance: &Instance, caller: &Caller, cost: f64) -> f64 {
    let Caller::Key { key, team } = caller else { return cost };
    let world = &instance.state.world;
    let at = crate::clock::stamp(world.clock.now());
    let mut inner = world.lock();
    if let Some(team) = team
        && let Some(row) = inner.db.teams.get_mut(&team.id)
    {
        row.add_spend(cost);
    }
    match inner.db.keys.get_mut(&key.token) {
        Some(row) => {
            row.add_spend(cost);
            row.set("last_active", at);
            row.number("spend").unwrap_or_default()
        }
        None => cost,
    }
}
