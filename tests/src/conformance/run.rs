//! Plays cases against a proxy and says what differs. Called by `tests/conformance.rs`.

use std::time::Duration;

use proxy_sim::hash;
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use super::step::{By, Case, Step};

/// How long a step that must come true may take.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(250);

/// A proxy under test.
#[derive(Debug, Clone)]
pub struct Subject {
    pub name: &'static str,
    pub url: String,
    pub master_key: String,
    pub upstream_url: String,
}

/// Plays a case and removes what it made. The answer is empty if every step was as expected, else a text that says
/// which was not, what was expected and what was observed.
pub async fn run(subject: &Subject, case: &Case) -> Result<(), String> {
    let player = Player {
        subject,
        // LiteLLM closes a kept-alive connection after some 500s without saying so.
        http: Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| error.to_string())?,
        prefix: prefix(),
    };
    let mut made = Made::default();
    let mut outcome = Ok(());
    for (number, step) in case.steps.iter().enumerate() {
        if let Err(difference) = player.play(step, &mut made).await {
            let asked = format!("{} {}", step.method, step.path);
            outcome = Err(format!(
                "{}, \"{}\", step {}: {asked}\n{difference}",
                subject.name,
                case.name,
                number + 1
            ));
            break;
        }
    }
    player.clean(made).await;
    outcome
}

#[expect(clippy::disallowed_methods, reason = "every run needs ids that no run had")]
fn prefix() -> String {
    format!("conf-{}", &uuid::Uuid::new_v4().simple().to_string()[..12])
}

/// What is to be removed again.
#[derive(Default)]
struct Made {
    models: Vec<String>,
    keys: Vec<String>,
    teams: Vec<String>,
    credentials: Vec<String>,
}

impl Made {
    /// Taken from the request: LiteLLM may have saved what it answered with a 500.
    fn note(&mut self, path: &str, body: &Value, answer: &Value) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match path {
            "/model/new" => {
                self.models.extend(text(&body["model_info"]["id"]).or_else(|| text(&answer["model_id"])));
            }
            "/key/generate" => {
                self.keys.extend(text(&body["key"]).map(|key| hash(&key)).or_else(|| text(&answer["token"])));
            }
            "/team/new" => self.teams.extend(text(&body["team_id"]).or_else(|| text(&answer["team_id"]))),
            "/credentials" => self.credentials.extend(text(&body["credential_name"])),
            _ => {}
        }
    }
}

struct Player<'a> {
    subject: &'a Subject,
    http: Client,
    prefix: String,
}

impl Player<'_> {
    async fn play(&self, step: &Step, made: &mut Made) -> Result<(), String> {
        let expected = json!({ "status": step.status, "body": self.filled_value(&step.expected) });
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (status, answer) = self.call(step, made).await?;
            let observed = json!({ "status": status, "body": observe(&expected["body"], &answer) });
            if matches(&expected, &observed) {
                return Ok(());
            }
            if !step.eventually || tokio::time::Instant::now() > deadline {
                return Err(format!(
                    "  expected {expected}\n  observed {observed}\n  answer   {}",
                    cut(&answer)
                ));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn call(&self, step: &Step, made: &mut Made) -> Result<(u16, Value), String> {
        let path = self.filled(&step.path);
        let method = Method::from_bytes(step.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self.http.request(method, format!("{}{path}", self.subject.url));
        request = match step.by {
            By::Master => request.bearer_auth(&self.subject.master_key),
            By::Nobody => request,
            By::Key(name) => request.bearer_auth(self.key(name)),
            By::Token(token) => request.bearer_auth(token),
        };
        let body = step.body.as_ref().map(|body| self.filled_value(body));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| format!("  no answer: {error}"))?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| format!("  no body: {error}"))?;
        let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if step.method == "POST" {
            made.note(&path, &body.unwrap_or_default(), &answer);
        }
        Ok((status, answer))
    }

    /// Best effort: most of it is gone already where a case deletes, and the ids are never used again.
    async fn clean(&self, made: Made) {
        let mut calls: Vec<(Method, String, Value)> = Vec::new();
        let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
        calls.extend(made.keys.iter().map(|token| post("/key/delete", json!({ "keys": [token] }))));
        calls.extend(made.teams.iter().map(|id| post("/team/delete", json!({ "team_ids": [id] }))));
        calls.extend(made.models.iter().map(|id| post("/model/delete", json!({ "id": id }))));
        calls.extend(
            made.credentials.iter().map(|name| (Method::DELETE, format!("/credentials/{name}"), json!({}))),
        );
        for (method, path, body) in calls {
            let request = self.http.request(method, format!("{}{path}", self.subject.url));
            let _ = request.bearer_auth(&self.subject.master_key).json(&body).send().await;
        }
    }

    fn key(&self, name: &str) -> String {
        format!("sk-{}-{name}-0123456789", self.prefix)
    }

    fn filled(&self, text: &str) -> String {
        let mut out = text.replace("{run}", &self.prefix).replace("{upstream}", &self.subject.upstream_url);
        for (mark, hashed) in [("{key:", false), ("{hash:", true)] {
            while let Some(start) = out.find(mark) {
                let Some(length) = out[start..].find('}') else { break };
                let key = self.key(&out[start + mark.len()..start + length]);
                out.replace_range(start..=start + length, &if hashed { hash(&key) } else { key });
            }
        }
        out
    }

    fn filled_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_value(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.filled(name), self.filled_value(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// The part of an answer that an expectation looks at.
fn observe(expected: &Value, answer: &Value) -> Value {
    match (expected, answer) {
        (Value::Object(wanted), Value::Object(fields)) if !wanted.is_empty() => {
            let mut seen = Map::new();
            for (name, expected) in wanted {
                let value = fields.get(name).map_or(json!("<absent>"), |value| observe(expected, value));
                seen.insert(name.clone(), value);
            }
            Value::Object(seen)
        }
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            wanted.iter().zip(items).map(|(expected, item)| observe(expected, item)).collect()
        }
        (Value::Object(wanted), Value::Object(_)) if wanted.is_empty() => json!({}),
        _ => answer.clone(),
    }
}

fn matches(expected: &Value, observed: &Value) -> bool {
    match (expected, observed) {
        (Value::String(mark), seen) if mark == "*" => !seen.is_null() && *seen != json!("<absent>"),
        (Value::String(mark), Value::String(seen)) if mark.starts_with('~') => seen.contains(&mark[1..]),
        (Value::Null, seen) => seen.is_null() || *seen == json!("<absent>"),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|seen| matches(value, seen)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(value, seen)| matches(value, seen))
        }
        (a, b) => a == b,
    }
}

fn cut(answer: &Value) -> String {
    answer.to_string().chars().take(600).collect()
}
