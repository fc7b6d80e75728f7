//! LiteLLM's error bodies: one text out of six shapes (LITELLM.md A.0), without key material.
//!
//! Called by `error` only.

use serde_json::Value;

/// Longest text kept of an error.
pub const MAX_CHARS: usize = 300;

const REDACTED: &str = "[redacted]";

/// What a LiteLLM error body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Not yet redacted.
    pub text: String,
    /// `error.type`, for example `not_found_error`.
    pub kind: Option<String>,
}

/// Reads a body; `None` when it has none of LiteLLM's shapes.
pub fn read(body: &[u8]) -> Option<Reason> {
    let body: Value = serde_json::from_slice(body).ok()?;
    if let Some(error) = body.get("error").filter(|error| error.is_object()) {
        let kind = error["type"].as_str().map(str::to_owned);
        let text = error["message"].as_str().unwrap_or("no message");
        return Some(Reason { text: unwrap_python(text), kind });
    }
    let detail = body.get("detail").or_else(|| body.get("title"))?;
    let text = match detail {
        Value::String(text) => unwrap_python(text),
        Value::Object(fields) => {
            let inner = fields.get("error").or_else(|| fields.get("message"))?;
            unwrap_python(inner.as_str().or_else(|| inner.get("message")?.as_str())?)
        }
        Value::Array(items) => validation(items.first()?)?,
        _ => return None,
    };
    Some(Reason { text, kind: None })
}

/// `{"loc": ["body", "max_budget"], "msg": "Input should be ..."}`; its `input` may hold a secret and is left out.
fn validation(item: &Value) -> Option<String> {
    let message = item["msg"].as_str()?;
    let path: Vec<String> = item["loc"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
        .collect();
    Some(format!("{}: {message}", path.join(".")))
}

/// A dict that Python printed, `{'error': 'Team id = x already exists'}`: its first value. Anything else as it is.
fn unwrap_python(text: &str) -> String {
    inner_python(text).unwrap_or_else(|| text.to_owned())
}

fn inner_python(text: &str) -> Option<String> {
    let (_key, rest) = text.strip_prefix("{'")?.split_once("': ")?;
    let mut chars = rest.chars();
    let quote = chars.next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' | 't' | 'r' => out.push(' '),
                other => out.push(other),
            },
            c if c == quote => return Some(out),
            c => out.push(c),
        }
    }
    None
}

/// Strikes out `secrets` and everything that looks like a key or a masked one, drops line breaks, and cuts.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, REDACTED);
    }
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let mut after_bearer = false;
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | '+' | '/' | '~') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            out.push_str(if after_bearer || looks_like_key(&word) { REDACTED } else { &word });
            after_bearer = word.eq_ignore_ascii_case("bearer");
            word.clear();
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    let out = out.trim();
    if out.chars().count() <= MAX_CHARS {
        return out.to_owned();
    }
    out.chars().take(MAX_CHARS - 3).chain("...".chars()).collect()
}

/// `sk-...`, masked (`abc-****aaaa`, `sk-...M8Uw`), or long and random (upper, lower and digits mixed). Hashes and
/// UUIDs are hexadecimal and pass.
fn looks_like_key(word: &str) -> bool {
    let masked = word.contains("**") || word.split_once("...").is_some_and(|(_, tail)| !tail.is_empty());
    let random = word.len() >= 24
        && !word.contains('/')
        && word.chars().any(|c| c.is_ascii_uppercase())
        && word.chars().any(|c| c.is_ascii_lowercase())
        && word.chars().any(|c| c.is_ascii_digit());
    word.starts_with("sk-") || masked || random
}
