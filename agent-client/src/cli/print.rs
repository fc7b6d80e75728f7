//! How things look: as a person reads them, in colour on a terminal, or as JSON. No key is ever printed, only its
//! fingerprint.

use owo_colors::OwoColorize as _;
use reeve_agent::protocol::Document;
use reeve_agent::{AgentConfigState, AgentStatus, Connection, CurrentConfig};
use serde::Serialize;
use serde_json::{Value, json};

pub fn good(text: &str) -> String {
    text.green().to_string()
}

pub fn bad(text: &str) -> String {
    text.red().to_string()
}

pub fn notice(text: &str) -> String {
    text.yellow().to_string()
}

pub fn strong(text: &str) -> String {
    text.bold().to_string()
}

pub fn faint(text: &str) -> String {
    text.dimmed().to_string()
}

/// One line of JSON on standard output.
pub fn json(value: &impl Serialize) {
    // Our own values always have a JSON form.
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    anstream::println!("{text}");
}

/// A word to whoever runs the command, on standard error; standard output belongs to the result.
pub fn say(text: &str) {
    anstream::eprintln!("{} {text}", faint("reeve-agent:"));
}

/// What the agent may use, in one line.
pub fn config_line(state: &AgentConfigState) -> String {
    let current = match state {
        AgentConfigState::Waiting => return notice("no config yet"),
        AgentConfigState::Revoked => return bad("revoked: nothing may be used"),
        AgentConfigState::Current(current) => current,
    };
    let origin = if current.from_disk { faint(" (from disk)") } else { String::new() };
    format!("{}{origin}", document_line(current))
}

fn document_line(current: &CurrentConfig) -> String {
    let version = faint(&format!("version {}", current.version));
    match &current.document {
        Document::Active(config) => {
            let expiry = config.expires_at.map(|at| format!(", until {at}")).unwrap_or_default();
            let key =
                format!("key {} generation {}{expiry}", config.api_key.fingerprint(), config.key_generation);
            format!("{} via {}  {}  {version}", good(&config.model), config.base_url, faint(&key))
        }
        Document::Env => format!("{}  {version}", good("own environment")),
        Document::Unavailable(detail) => {
            format!("{}: {} ({})  {version}", bad("unavailable"), detail.message, detail.code)
        }
    }
}

/// Where the session stands, in one line.
pub fn connection_line(status: &AgentStatus) -> String {
    match &status.connection {
        Connection::Connecting => notice("connecting"),
        Connection::Pending { message } => format!("{}: {message}", notice("pending")),
        Connection::Connected { name, .. } => format!("{} as {}", good("connected"), strong(name)),
        Connection::Waiting { why, until } => {
            format!("{}: {why}; again at {}", notice("away"), until.format("%H:%M:%SZ"))
        }
        Connection::Refused { why } => format!("{}: {why}", bad("refused")),
        Connection::Stopped => faint("stopped"),
    }
}

/// What the agent may use, for programs, with the fingerprint in place of the key.
pub fn config_json(state: &AgentConfigState) -> Value {
    let current = match state {
        AgentConfigState::Waiting => return json!({ "state": "waiting" }),
        AgentConfigState::Revoked => return json!({ "state": "revoked" }),
        AgentConfigState::Current(current) => current,
    };
    let mut value = json!({
        "state": current.document.state(),
        "version": current.version,
        "hash": current.hash,
        "fromDisk": current.from_disk,
    });
    match &current.document {
        Document::Active(config) => {
            let mut shown = serde_json::to_value(config).unwrap_or_default();
            if let Some(fields) = shown.as_object_mut() {
                fields.remove("apiKey");
                fields.insert("apiKeyFingerprint".to_owned(), config.api_key.fingerprint().into());
            }
            value["config"] = shown;
        }
        Document::Unavailable(detail) => value["detail"] = json!(detail),
        Document::Env => {}
    }
    value
}

#[cfg(test)]
mod tests {
    use reeve_agent::protocol::{Detail, Document};
    use reeve_agent::{AgentConfigState, CurrentConfig};

    use super::{config_json, config_line};

    fn state(document: Document) -> AgentConfigState {
        let hash = document.hash();
        AgentConfigState::Current(CurrentConfig { version: 7, hash, document, from_disk: false })
    }

    #[test]
    fn a_config_shows_the_fingerprint_and_never_the_key() {
        let config = serde_json::json!({
            "provider": "openai-compatible", "model": "openai/gpt-4o", "baseUrl": "https://x/v1",
            "apiKey": "sk-marker-0123456789-WXYZ", "keyGeneration": 3
        });
        let state = state(Document::Active(Box::new(serde_json::from_value(config).unwrap())));
        let (line, json) = (config_line(&state), config_json(&state));
        assert!(
            line.contains("openai/gpt-4o") && line.contains("...WXYZ") && line.contains("version 7"),
            "{line}"
        );
        assert_eq!(json["config"]["apiKeyFingerprint"], "...WXYZ");
        assert!(!line.contains("marker") && !json.to_string().contains("marker"));
    }

    #[test]
    fn why_nothing_may_be_used_is_shown() {
        let detail = Detail { code: "frozen".into(), message: "Stopped by an admin.".into() };
        let state = state(Document::Unavailable(detail));
        assert!(config_line(&state).contains("Stopped by an admin. (frozen)"));
        assert_eq!(config_json(&state)["detail"]["code"], "frozen");
    }
}
