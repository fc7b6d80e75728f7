//! What has to be done so that what is there is what a file says. Pure: two inputs, a list of steps. Compares only what
//! the file says; keys by their fingerprints.

use std::fmt;

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    file::{File, Grant, Model, Realm},
    observe::Observed,
};
use crate::{
    base::secret::Secret,
    cli::{failure::Failure, session::path},
};

/// What must be there before what: a stage is planned when the ones before it are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Credentials,
    Registry,
    Grants,
    /// A realm's default model must be granted to it.
    Defaults,
    Revokes,
}

impl Stage {
    pub const ALL: [Self; 5] =
        [Self::Credentials, Self::Registry, Self::Grants, Self::Defaults, Self::Revokes];
}

/// One call. Its secret is no part of what is shown.
#[derive(Clone, Debug)]
pub struct Step {
    pub stage: Stage,
    verb: &'static str,
    what: String,
    method: Method,
    path: Vec<String>,
    body: Map<String, Value>,
    api_key: Option<Secret>,
}

impl Step {
    fn new(stage: Stage, verb: &'static str, what: String, method: Method, path: Vec<String>) -> Self {
        Self { stage, verb, what, method, path, body: Map::new(), api_key: None }
    }

    fn with(mut self, body: Map<String, Value>, api_key: Option<&Secret>) -> Self {
        self.body = body;
        self.api_key = api_key.cloned();
        self
    }

    /// What to send.
    pub fn request(self) -> (Method, Vec<String>, Option<Value>) {
        let mut body = self.body;
        if let Some(key) = self.api_key {
            body.insert("apiKey".to_owned(), key.expose().into());
        }
        let body = (self.method != Method::DELETE).then_some(Value::Object(body));
        (self.method, self.path, body)
    }

    pub fn to_json(&self) -> Value {
        json!({ "action": self.verb, "subject": self.what, "fields": self.fields() })
    }

    fn fields(&self) -> Vec<&str> {
        // Whom a grant is for is what it is, not what changes.
        let fields = self.body.keys().map(String::as_str).filter(|field| *field != "realmId");
        fields.chain(self.api_key.as_ref().map(|_| "apiKey")).collect()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.verb {
            "create" | "grant" => '+',
            "revoke" => '-',
            _ => '~',
        };
        write!(f, "{sign} {} {}", self.verb, self.what)?;
        match self.verb {
            "update" => write!(f, ": {}", self.fields().join(", ")),
            _ => Ok(()),
        }
    }
}

/// The steps in the order in which they are done; empty when everything is as it should be.
pub fn plan(file: &File, observed: &Observed, prune: bool) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for credential in &file.credentials {
        let found = observed.credentials.iter().find(|c| c["name"] == credential.name.as_str());
        steps.extend(credential_step(credential, found)?);
    }
    for model in &file.models {
        steps.extend(model_step(model, observed)?);
    }
    for realm in &file.realms {
        realm_steps(realm, file, observed, &mut steps)?;
    }
    for grant in &file.grants {
        steps.extend(grant_step(grant, file, observed)?);
    }
    if prune {
        revoke_steps(file, observed, &mut steps);
    }
    steps.sort_by_key(|step| step.stage); // stable: within a stage, the file's order
    Ok(steps)
}

fn credential_step(
    credential: &super::file::Credential,
    found: Option<&Value>,
) -> Result<Option<Step>, Failure> {
    let what = format!("credential {}", credential.name);
    let key = credential.key.as_ref();
    match (found, key) {
        (None, None) => {
            Err(Failure::Usage(format!("{what}: it is not there yet, so it needs apiKeyEnv or apiKeyFile")))
        }
        (None, key) => {
            let body = object(json!({ "name": credential.name, "provider": credential.provider }));
            let step = Step::new(Stage::Credentials, "create", what, Method::POST, path(["credentials"]));
            Ok(Some(step.with(body, key)))
        }
        (Some(found), Some(key)) if found["fingerprint"] != key.fingerprint().as_str() => {
            let at = path(["credentials", &credential.name]);
            Ok(Some(
                Step::new(Stage::Credentials, "update", what, Method::PATCH, at).with(Map::new(), Some(key)),
            ))
        }
        (Some(_), _) => Ok(None),
    }
}

fn model_step(model: &Model, observed: &Observed) -> Result<Option<Step>, Failure> {
    let what = format!("model {}/{}", model.provider, model.name);
    let named =
        |m: &&Value| same_name(m["provider"].as_str(), &model.provider) && m["name"] == model.name.as_str();
    let Some(found) = observed.models.iter().find(named) else {
        let mut body = wanted(model);
        body.remove("status"); // a new model is active
        body.insert("name".to_owned(), model.name.as_str().into());
        body.insert("provider".to_owned(), model.provider.as_str().into());
        let step = Step::new(Stage::Registry, "create", what, Method::POST, path(["models"]));
        return Ok(Some(step.with(body, model.key.as_ref())));
    };
    let backend = found.pointer("/deployments/0").cloned().unwrap_or_default();
    let mut body = wanted(model);
    body.retain(|field, value| match field.as_str() {
        "credentialId" => !is_credential(observed, &backend["credentialId"], value),
        "modelId" | "baseUrl" | "litellmParams" => !same(&backend[field], value),
        _ => !same(&found[field], value),
    });
    let shown = &backend["apiKeyFingerprint"];
    let key = model.key.as_ref().filter(|key| *shown != key.fingerprint().as_str());
    if body.is_empty() && key.is_none() {
        return Ok(None);
    }
    let at = path(["models", id(found)?]);
    Ok(Some(Step::new(Stage::Registry, "update", what, Method::PATCH, at).with(body, key)))
}

/// What the file says of a model, but for its name, provider and key.
fn wanted(model: &Model) -> Map<String, Value> {
    let mut body = object(json!({ "modelId": model.model_id }));
    let mut maybe =
        |name: &str, value: Option<Value>| value.and_then(|value| body.insert(name.to_owned(), value));
    maybe("baseUrl", model.base_url.clone().map(Value::from));
    maybe("credentialId", model.credential.clone().map(Value::from));
    maybe("description", model.description.clone().map(Value::from));
    maybe("status", model.status.clone().map(Value::from));
    maybe("maxTokens", model.max_tokens.map(Value::from));
    maybe("everywhere", model.everywhere.map(Value::from));
    maybe("litellmParams", model.litellm_params.clone().map(Value::Object));
    body
}

fn is_credential(observed: &Observed, is: &Value, wanted: &Value) -> bool {
    is == wanted || observed.credentials.iter().any(|c| c["name"] == *wanted && c["id"] == *is)
}

fn realm_steps(
    realm: &Realm,
    file: &File,
    observed: &Observed,
    steps: &mut Vec<Step>,
) -> Result<(), Failure> {
    let key = realm.slug.as_deref().unwrap_or(&realm.name);
    let what = format!("realm {key}");
    let found = find_realm(&observed.realms, key);
    let mut body = Map::new();
    let mut maybe = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| found.is_none_or(|found| !same(&found[name], value))) {
            body.insert(name.to_owned(), value);
        }
    };
    maybe("name", Some(realm.name.as_str().into()));
    maybe("description", realm.description.clone().map(Value::from));
    maybe("isDefault", realm.is_default.map(Value::from));
    maybe("monthlyBudgetUsd", realm.monthly_budget_usd.map(Value::from));
    maybe("placement", realm.placement.clone().map(Value::from));
    maybe("keyScope", realm.key_scope.clone().map(Value::from));
    maybe("keyMaxAgeDays", realm.key_max_age_days.map(Value::from));
    match found {
        None => {
            if let Some(slug) = &realm.slug {
                body.insert("slug".to_owned(), slug.as_str().into());
            }
            let step = Step::new(Stage::Registry, "create", what.clone(), Method::POST, path(["realms"]));
            steps.push(step.with(body, None));
        }
        Some(found) if !body.is_empty() => {
            let at = path(["realms", id(found)?]);
            let step = Step::new(Stage::Registry, "update", what.clone(), Method::PATCH, at);
            steps.push(step.with(body, None));
        }
        Some(_) => {}
    }
    let Some(name) = &realm.default_model else { return Ok(()) };
    let model = known_model(file, observed, name, &format!("{what}: defaultModel"))?;
    let is = found.map(|found| found["defaultModelId"].clone());
    if model.is_none() || is != model.map(|model| model["id"].clone()) {
        let wanted = model.and_then(|model| model["id"].as_str()).unwrap_or(name);
        let realm_id = found.and_then(|found| found["id"].as_str()).unwrap_or(key);
        let step = Step::new(Stage::Defaults, "update", what, Method::PATCH, path(["realms", realm_id]));
        steps.push(step.with(object(json!({ "defaultModelId": wanted })), None));
    }
    Ok(())
}

fn grant_step(grant: &Grant, file: &File, observed: &Observed) -> Result<Option<Step>, Failure> {
    let what = format!("{} to {}", grant.model, grant.realm);
    let model = known_model(file, observed, &grant.model, "grants: model")?;
    let realm = find_realm(&observed.realms, &grant.realm);
    if realm.is_none() && !file.realms.iter().any(|realm| is_declared_realm(realm, &grant.realm)) {
        return Err(Failure::Usage(format!(
            "grants: there is no realm {}, and the file declares none",
            grant.realm
        )));
    }
    let model_id = model.and_then(|model| model["id"].as_str()).unwrap_or(&grant.model);
    let realm_id = realm.and_then(|realm| realm["id"].as_str()).unwrap_or(&grant.realm);
    let standing = observed
        .grants
        .get(model_id)
        .and_then(|grants| grants.iter().find(|grant| grant["realmId"] == realm_id));
    let mut body = object(json!({ "realmId": realm_id }));
    let mut maybe = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.as_str().into());
        }
    };
    maybe("expiresAt", &grant.expires_at);
    maybe("reason", &grant.reason);
    let verb = match standing {
        None => "grant",
        Some(is) => {
            let differs = body.iter().any(|(field, value)| field != "realmId" && !same(&is[field], value));
            if !differs {
                return Ok(None);
            }
            "update"
        }
    };
    let at = path(["models", model_id, "realms"]);
    let mut step = Step::new(Stage::Grants, verb, what, Method::POST, at).with(body, None);
    if verb == "update" {
        step.what = format!("grant of {}", step.what);
    }
    Ok(Some(step))
}

/// Grants of the file's realms that the file does not name.
fn revoke_steps(file: &File, observed: &Observed, steps: &mut Vec<Step>) {
    for (model_id, grants) in &observed.grants {
        for grant in grants {
            let slug = grant["realmSlug"].as_str().unwrap_or_default();
            let (Some(realm), Some(model)) =
                (find_realm(&observed.realms, slug), find_model(&observed.models, model_id))
            else {
                continue;
            };
            let is = |name: &str| find_realm(&observed.realms, name) == Some(realm);
            let ours = file.realms.iter().any(|realm| is(realm.slug.as_deref().unwrap_or(&realm.name)));
            let named = |g: &&Grant| is(&g.realm) && find_model(&observed.models, &g.model) == Some(model);
            if ours && !file.grants.iter().any(|grant| named(&grant)) {
                let what = format!("{} from {slug}", model["litellmModelName"].as_str().unwrap_or(model_id));
                let at = path(["models", model_id, "realms", slug]);
                steps.push(Step::new(Stage::Revokes, "revoke", what, Method::DELETE, at));
            }
        }
    }
}

/// A model by id, `provider/name`, or name, when only one has it.
pub fn find_model<'a>(models: &'a [Value], name: &str) -> Option<&'a Value> {
    let exact = |m: &&Value| m["id"] == name || m["litellmModelName"] == name;
    if let Some(found) = models.iter().find(exact) {
        return Some(found);
    }
    let mut alike = models.iter().filter(|m| same_name(m["name"].as_str(), name));
    alike.next().filter(|_| alike.next().is_none())
}

/// The model that a file means; `None` when it is not there yet, but the file declares it.
fn known_model<'a>(
    file: &File,
    observed: &'a Observed,
    name: &str,
    field: &str,
) -> Result<Option<&'a Value>, Failure> {
    if let Some(found) = find_model(&observed.models, name) {
        return Ok(Some(found));
    }
    let declared = |m: &Model| {
        same_name(Some(&m.name), name) || same_name(Some(&format!("{}/{}", m.provider, m.name)), name)
    };
    if file.models.iter().any(declared) {
        return Ok(None);
    }
    Err(Failure::Usage(format!("{field}: there is no model {name}, and the file declares none")))
}

fn find_realm<'a>(realms: &'a [Value], name: &str) -> Option<&'a Value> {
    let exact = |r: &&Value| r["id"] == name || r["slug"] == name || r["name"] == name;
    realms.iter().find(exact)
}

fn is_declared_realm(realm: &Realm, name: &str) -> bool {
    realm.slug.as_deref() == Some(name) || realm.name == name || same_name(Some(&realm.name), name)
}

/// Whether two names become the same slug: the control plane makes slugs, here they are only compared.
fn same_name(is: Option<&str>, wanted: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric() || *c == '/').flat_map(char::to_lowercase).collect()
    };
    is.is_some_and(|is| letters(is) == letters(wanted))
}

/// Equal as values: numbers by their size, times by their moment, URLs without the slash at the end.
fn same(is: &Value, wanted: &Value) -> bool {
    match (is, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => {
            let at = |text: &str| DateTime::parse_from_rfc3339(text).ok();
            a == b
                || (at(a).is_some() && at(a) == at(b))
                || (a.starts_with("http") && a.trim_end_matches('/') == b.trim_end_matches('/'))
        }
        _ => is == wanted,
    }
}

fn id(found: &Value) -> Result<&str, Failure> {
    found["id"].as_str().ok_or_else(|| Failure::Unexpected("the answer has an item without an id".to_owned()))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
