//! Errors of reading and writing messages, and the one place where JSON becomes a payload.
//!
//! An error names the type and the field, and what was expected there. It never repeats a value that came: the field may
//! be next to a key.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{VersionHash, code};

/// Why a text is not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Answer by closing with [`close_code::TOO_BIG`](crate::close_code::TOO_BIG).
    #[error("the message has {bytes} bytes, at most {max} are allowed", max = crate::MAX_MESSAGE_BYTES)]
    TooLarge { bytes: usize },
    #[error("the message is not a JSON object (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("the envelope's field `{field}` is not as it should be: {problem}")]
    BadEnvelope { field: String, problem: String },
    #[error("the payload of `{kind}` is not as it should be: field `{field}`: {problem}")]
    BadPayload {
        /// The message's type.
        kind: &'static str,
        /// Path of the field inside the payload, such as `config.baseUrl`; `.` is the payload itself.
        field: String,
        problem: String,
        /// For an `llm_config`: which document it is, as far as that can be read, so that it can be rejected by name.
        document: Option<VersionHash>,
    },
}

impl DecodeError {
    /// The code to answer with in an `error` message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::NotJson { .. } | Self::BadEnvelope { .. } => code::BAD_ENVELOPE,
            Self::BadPayload { .. } => code::BAD_PAYLOAD,
        }
    }
}

/// Why a message cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("a `{kind}` message of {bytes} bytes is over the limit of {max}", max = crate::MAX_MESSAGE_BYTES)]
    TooLarge { kind: String, bytes: usize },
    #[error("a `{kind}` message cannot be written as JSON")]
    Json { kind: String },
}

/// Reads a value; an error is the path of the field and what was expected there.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        explain(path, &error.into_inner().to_string())
    })
}

/// Turns serde's message into (path, what was expected). serde repeats what came (`invalid type: string "...", expected
/// i64`); that part is cut off, because it may hold a secret.
fn explain(path: String, message: &str) -> (String, String) {
    if let Some(name) = between(message, "missing field `", "`") {
        let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
        return (field, "it is missing".to_owned());
    }
    // Our own checks name their field, because serde knows no path inside a conversion.
    if let Some((field, problem)) = message.strip_prefix("field `").and_then(|rest| rest.split_once("`: ")) {
        return (field.to_owned(), problem.to_owned());
    }
    match message.rfind("expected ") {
        Some(at) => (path, message[at..].to_owned()),
        None => (path, "it is not valid".to_owned()),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start).and_then(|rest| rest.split_once(end)).map(|(inside, _)| inside)
}

/// Cuts a text to at most `max` bytes, at a character.
pub(crate) fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}
