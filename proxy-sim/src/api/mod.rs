//! LiteLLM's management API: the route list, and the way from a request to a handler. A handler gets the lock, the
//! caller and the parsed input, and answers with JSON or an error; it does no I/O.

mod credential;
mod health;
mod input;
mod key;
mod model;
pub(crate) mod render;
pub(crate) mod sim;
mod team;

use std::collections::HashMap;

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::auth::{self, Caller};
use crate::db::{Db, Row};
use crate::error::ApiError;
use crate::inference::{self, trial};
use crate::serve::{Incoming, Instance, json};
use crate::view::View;
use crate::world::Inner;

pub(crate) type Reply = Result<Value, ApiError>;

/// One management call, past authentication.
pub(crate) struct Call<'a> {
    pub(crate) inner: &'a mut Inner,
    pub(crate) instance: usize,
    pub(crate) caller: Caller,
    pub(crate) query: HashMap<String, String>,
    pub(crate) body: Row,
    /// What stands for `{}` or `{*}` in the route.
    pub(crate) param: String,
    pub(crate) now: DateTime<Utc>,
}

impl Call<'_> {
    /// The shared database and this instance's memory, for handlers that need both.
    pub(crate) fn split(&mut self) -> (&mut Db, &mut View) {
        let Inner { db, views, .. } = &mut *self.inner;
        (db, &mut views[self.instance])
    }

    pub(crate) fn stamp(&self) -> String {
        crate::clock::stamp(self.now)
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

/// Who may call a route, and how others are refused: LiteLLM has a different answer per family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Open,
    AnyKey,
    Admin,
    /// 403, wrapped.
    ModelAdmin,
    /// 403, as `{"detail": ...}`.
    ModelPatchAdmin,
    KeyLister,
    TeamLister,
    TeamEditor,
}

struct Route(&'static str, &'static str, Who, fn(&mut Call<'_>) -> Reply);

const ROUTES: &[Route] = &[
    Route("GET", "/health/liveliness", Who::Open, health::liveliness),
    Route("GET", "/health/liveness", Who::Open, health::liveliness),
    Route("GET", "/health/readiness", Who::Open, health::readiness),
    Route("GET", "/health/readiness/details", Who::Admin, health::details),
    Route("GET", "/health/license", Who::Admin, health::license),
    Route("POST", "/model/new", Who::ModelAdmin, model::new::run),
    Route("PATCH", "/model/{}/update", Who::ModelPatchAdmin, model::update::run),
    Route("POST", "/model/delete", Who::AnyKey, model::delete::run),
    Route("GET", "/model/info", Who::AnyKey, model::info::live),
    Route("GET", "/v1/model/info", Who::AnyKey, model::info::live),
    Route("GET", "/v2/model/info", Who::AnyKey, model::info::paged),
    Route("GET", "/v1/models", Who::AnyKey, model::info::openai_list),
    Route("GET", "/models", Who::AnyKey, model::info::openai_list),
    Route("POST", "/key/generate", Who::Admin, key::generate::run),
    Route("POST", "/key/update", Who::Admin, key::update::run),
    Route("POST", "/key/block", Who::Admin, key::block::block),
    Route("POST", "/key/unblock", Who::Admin, key::block::unblock),
    Route("POST", "/key/delete", Who::Admin, key::delete::run),
    Route("GET", "/key/info", Who::AnyKey, key::read::info),
    Route("GET", "/key/list", Who::KeyLister, key::read::list),
    Route("POST", "/team/new", Who::Admin, team::new::run),
    Route("POST", "/team/update", Who::TeamEditor, team::update::run),
    Route("POST", "/team/block", Who::Admin, team::update::block),
    Route("POST", "/team/unblock", Who::Admin, team::update::unblock),
    Route("POST", "/team/delete", Who::Admin, team::delete::run),
    Route("GET", "/team/info", Who::AnyKey, team::read::info),
    Route("GET", "/v2/team/list", Who::TeamLister, team::read::list),
    Route("POST", "/credentials", Who::Admin, credential::create),
    Route("GET", "/credentials", Who::Admin, credential::list),
    Route("GET", "/credentials/by_name/{*}", Who::Admin, credential::by_name),
    Route("PATCH", "/credentials/{*}", Who::Admin, credential::update),
    Route("DELETE", "/credentials/{*}", Who::Admin, credential::delete),
    // Here so that a key's `allowed_routes` refuses them as LiteLLM does.
    Route("POST", "/openai/{*}", Who::AnyKey, not_simulated),
    Route("POST", "/azure/{*}", Who::AnyKey, not_simulated),
];

pub(crate) use input::object;

fn not_simulated(_: &mut Call<'_>) -> Reply {
    Err(ApiError::detail(501, "proxy-sim does not simulate this route past its rights"))
}

/// A management call that changes something.
pub(crate) fn is_write(method: &str, path: &str) -> bool {
    method != "GET" && inference::Kind::of(method, path).is_none() && !trial::is_meant(method, path)
}

pub(crate) async fn answer(instance: &Instance, incoming: &Incoming) -> Response {
    if let Some(kind) = inference::Kind::of(&incoming.method, incoming.path()) {
        return inference::answer(instance, incoming, kind).await;
    }
    if trial::is_meant(&incoming.method, incoming.path()) {
        return trial::answer(instance, incoming).await;
    }
    match manage(instance, incoming) {
        Ok(body) => json(200, &body),
        Err(error) => json(error.status, &error.body),
    }
}

fn manage(instance: &Instance, incoming: &Incoming) -> Reply {
    let path = incoming.path();
    let mut elsewhere = false;
    let mut found = None;
    for route in ROUTES {
        if let Some(param) = matches(route.1, path) {
            if route.0 == incoming.method {
                found = Some((route, param));
                break;
            }
            elsewhere = true;
        }
    }
    let Some((Route(_, _, who, run), param)) = found else {
        return Err(if elsewhere {
            ApiError::detail(405, "Method Not Allowed")
        } else {
            ApiError::detail(404, "Not Found")
        });
    };
    let world = &*instance.state.world;
    let now = world.clock.now();
    let mut inner = world.lock();
    let Inner { db, views, .. } = &mut *inner;
    views[instance.number].poll(db, now);
    let caller = if *who == Who::Open {
        Caller::Nobody
    } else {
        let request = auth::Request { path, model: None, inference: false, master_key: &world.master_key };
        auth::authenticate(&mut inner, instance.number, &incoming.headers, &request, now)?
    };
    auth::allow(*who, &caller, path)?;
    let body = if incoming.method == "POST" || incoming.method == "PATCH" {
        input::object(&incoming.body)?
    } else {
        Row::new()
    };
    let mut call = Call {
        inner: &mut inner,
        instance: instance.number,
        caller,
        query: incoming.query(),
        body,
        param: input::percent_decoded(param),
        now,
    };
    run(&mut call)
}

/// What stands for the placeholder, empty if the pattern has none. `{}` is one segment, `{*}` the rest.
fn matches<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    if let Some(head) = pattern.strip_suffix("{*}") {
        return path.strip_prefix(head).filter(|rest| !rest.is_empty());
    }
    let Some((head, tail)) = pattern.split_once("{}") else {
        return (pattern == path).then_some("");
    };
    let segment = path.strip_prefix(head)?.strip_suffix(tail)?;
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
}
