//! The words that cases are written in. Pure; `run` does what they say.
//!
//! In paths, bodies and expectations, `{run}` stands for the run's unique prefix, `{upstream}` for the fake
//! upstream, `{key:x}` for a virtual key named x and `{hash:x}` for its sha256.
//!
//! In an expected body, an object names the fields that are observed and an array is compared whole, item by item.
//! `"*"` is anything that is not null, null is also an absent field, `"<absent>"` is a field that must not be there,
//! `"~text"` a string that holds the text.

use serde_json::{Value, json};

/// Some steps that belong together, on objects of their own.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    pub steps: Vec<Step>,
}

pub(super) fn case(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Case {
    Case { name, steps: steps.into_iter().collect() }
}

/// Who makes a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    Master,
    Nobody,
    /// The virtual key of this name.
    Key(&'static str),
    /// This very text as a bearer token.
    Token(&'static str),
}

/// A call and what must come of it.
#[derive(Debug)]
pub struct Step {
    pub(super) by: By,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) status: u16,
    pub(super) expected: Value,
    /// Asked again until it is so: LiteLLM counts spend after the answer.
    pub(super) eventually: bool,
}

impl Step {
    fn new(by: By, method: &'static str, path: &str, body: Option<Value>) -> Self {
        let path = path.to_owned();
        Self { by, method, path, body, status: 200, expected: json!({}), eventually: false }
    }

    /// The status and, of the body, what is observed. Without it, a step asks for a 200.
    pub(super) fn is(mut self, status: u16, expected: Value) -> Self {
        self.status = status;
        self.expected = expected;
        self
    }

    /// Refused in LiteLLM's own shape, with this type and a message that holds this text.
    pub(super) fn error(self, status: u16, kind: &str, text: &str) -> Self {
        let code = status.to_string();
        self.is(status, json!({ "error": { "type": kind, "message": format!("~{text}"), "code": code } }))
    }

    /// Refused in FastAPI's shape.
    pub(super) fn detail(self, status: u16, detail: Value) -> Self {
        self.is(status, json!({ "detail": detail }))
    }

    /// Refused with 422 for this field.
    pub(super) fn invalid(self, kind: &str, loc: &[&str]) -> Self {
        self.is(422, json!({ "detail": [{ "type": kind, "loc": loc }] }))
    }

    pub(super) fn eventually(mut self) -> Self {
        self.eventually = true;
        self
    }

    pub(super) fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }
}

pub(super) fn get(path: &str) -> Step {
    Step::new(By::Master, "GET", path, None)
}

pub(super) fn post(path: &str, body: Value) -> Step {
    Step::new(By::Master, "POST", path, Some(body))
}

pub(super) fn patch(path: &str, body: Value) -> Step {
    Step::new(By::Master, "PATCH", path, Some(body))
}

pub(super) fn delete(path: &str) -> Step {
    Step::new(By::Master, "DELETE", path, None)
}

/// A deployment with id and public name `{run}-<name>` that goes to the upstream, at a cost of 0.05 a chat call.
pub(super) fn new_model(name: &str) -> Step {
    let params = json!({
        "model": "openai/fake-model",
        "api_base": "{upstream}",
        "api_key": "sk-provider-secret",
        "input_cost_per_token": 0.001,
        "output_cost_per_token": 0.002,
    });
    post("/model/new", model(name, &params))
}

/// The body of `/model/new` for `{run}-<name>`.
pub(super) fn model(name: &str, params: &Value) -> Value {
    let name = format!("{{run}}-{name}");
    json!({ "model_name": name, "litellm_params": params, "model_info": { "id": name } })
}

/// A virtual key of this name with these further fields.
pub(super) fn new_key(name: &str, fields: Value) -> Step {
    post("/key/generate", with(json!({ "key": format!("{{key:{name}}}") }), fields))
}

pub(super) fn update_key(name: &str, fields: Value) -> Step {
    post("/key/update", with(json!({ "key": format!("{{hash:{name}}}") }), fields))
}

pub(super) fn key_info(name: &str) -> Step {
    get(&format!("/key/info?key={{hash:{name}}}"))
}

/// A team with id `{run}-<name>` and these further fields.
pub(super) fn new_team(name: &str, fields: Value) -> Step {
    post("/team/new", with(json!({ "team_id": format!("{{run}}-{name}") }), fields))
}

pub(super) fn update_team(name: &str, fields: Value) -> Step {
    post("/team/update", with(json!({ "team_id": format!("{{run}}-{name}") }), fields))
}

pub(super) fn team_info(name: &str) -> Step {
    get(&format!("/team/info?team_id={{run}}-{name}"))
}

/// A chat call of a virtual key for `{run}-<name>`.
pub(super) fn chat(key: &'static str, name: &str) -> Step {
    post("/v1/chat/completions", chat_body(name)).by(By::Key(key))
}

pub(super) fn chat_body(name: &str) -> Value {
    let messages = json!([{ "role": "user", "content": "ping" }]);
    json!({ "model": format!("{{run}}-{name}"), "messages": messages, "max_tokens": 20 })
}

/// A chat request without `messages`: refused for the right or for the form, and never sent upstream.
pub(super) fn probe(key: &'static str, name: &str) -> Step {
    post("/v1/chat/completions", json!({ "model": format!("{{run}}-{name}") })).by(By::Key(key))
}

/// The names a virtual key is shown.
pub(super) fn list_models(key: &'static str) -> Step {
    get("/v1/models").by(By::Key(key))
}

impl Step {
    pub(super) fn says(self, text: &str) -> Self {
        self.is(200, json!({ "choices": [{ "message": { "role": "assistant", "content": text } }] }))
    }

    pub(super) fn lists(self, names: &[&str]) -> Self {
        let data: Vec<Value> = names.iter().map(|name| json!({ "id": format!("{{run}}-{name}") })).collect();
        self.is(200, json!({ "object": "list", "data": data }))
    }

    /// The key's own list refuses the model.
    pub(super) fn key_refused(self) -> Self {
        self.error(403, "key_model_access_denied", "is not available for this API key")
    }

    /// The team's list refuses the model.
    pub(super) fn team_refused(self) -> Self {
        self.error(403, "team_model_access_denied", "is not available for this API key")
    }

    /// The right is there; only the form is wrong.
    pub(super) fn allowed(self) -> Self {
        self.error(400, "invalid_request_error", "Missing required parameter: 'messages'")
    }
}

fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}
