//! The envelope around every message: `{type, messageId, timestamp, payload}`, and reading and writing it.
//!
//! Both ends call [`Envelope::decode`] on every text frame and [`Envelope::encode`] for every one they send.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::decode::{self, DecodeError, EncodeError};
use crate::{MAX_MESSAGE_BYTES, VersionHash};

/// One direction of the protocol: [`ToAgent`](crate::ToAgent) or [`FromAgent`](crate::FromAgent).
pub trait Message: Sized {
    /// The `type` on the wire.
    fn kind(&self) -> &str;
    /// The `payload` on the wire: always an object.
    ///
    /// # Errors
    /// When it has no JSON form, which no payload here can have.
    fn payload(&self) -> Result<Value, serde_json::Error>;
    /// Reads the payload of type `kind`. A type that is not known is a value, not an error.
    ///
    /// # Errors
    /// [`DecodeError::BadPayload`] when the payload does not fit the type.
    fn from_parts(kind: &str, payload: Value) -> Result<Self, DecodeError>;
}

/// A message with what every message carries.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Envelope<M> {
    /// Chosen by the sender, 1 to 128 characters; for logs, never for trust.
    #[schemars(length(min = 1, max = 128))]
    pub message_id: String,
    /// When the sender wrote it, by the sender's clock.
    pub timestamp: DateTime<Utc>,
    #[schemars(flatten)]
    pub message: M,
}

/// The parts before the payload is read by its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    message_id: String,
    timestamp: DateTime<Utc>,
    #[serde(default)]
    payload: Option<Map<String, Value>>,
}

impl<M: Message> Envelope<M> {
    pub fn new(message_id: impl Into<String>, timestamp: DateTime<Utc>, message: M) -> Self {
        Self { message_id: message_id.into(), timestamp, message }
    }

    /// Reads one text frame. Unknown fields are ignored, an unknown type gives the `Unknown` value, a payload that is
    /// absent or null counts as `{}`.
    ///
    /// # Errors
    /// [`DecodeError`], which names the type and the field.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(DecodeError::TooLarge { bytes: text.len() });
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|error| DecodeError::NotJson { line: error.line(), column: error.column() })?;
        if !value.is_object() {
            return Err(DecodeError::NotJson { line: 1, column: 1 });
        }
        let raw: Raw = decode::from_value(value)
            .map_err(|(field, problem)| DecodeError::BadEnvelope { field, problem })?;
        if raw.message_id.is_empty() || raw.message_id.chars().count() > 128 {
            return Err(DecodeError::BadEnvelope {
                field: "messageId".to_owned(),
                problem: "expected 1 to 128 characters".to_owned(),
            });
        }
        let message = M::from_parts(&raw.kind, Value::Object(raw.payload.unwrap_or_default()))?;
        Ok(Self { message_id: raw.message_id, timestamp: raw.timestamp, message })
    }

    /// Writes one text frame.
    ///
    /// # Errors
    /// [`EncodeError::TooLarge`] over the limit of a message.
    pub fn encode(&self) -> Result<String, EncodeError> {
        let kind = || decode::cut(self.message.kind(), 64);
        let payload = self.message.payload().map_err(|_| EncodeError::Json { kind: kind() })?;
        let text = serde_json::json!({
            "type": self.message.kind(),
            "messageId": self.message_id,
            "timestamp": self.timestamp,
            "payload": payload,
        })
        .to_string();
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(EncodeError::TooLarge { kind: kind(), bytes: text.len() });
        }
        Ok(text)
    }
}

/// Reads one payload; for a document that cannot be read, keeps its name so that it can be rejected.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    kind: &'static str,
    payload: Value,
) -> Result<T, DecodeError> {
    let document = (kind == "llm_config").then(|| VersionHash::deserialize(&payload).ok()).flatten();
    decode::from_value(payload).map_err(|(field, problem)| DecodeError::BadPayload {
        kind,
        field,
        problem,
        document,
    })
}

/// Defines one direction: the enum, its type names, and how each payload is read and written.
macro_rules! messages {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$vdoc:meta])* $kind:literal => $variant:ident($payload:ty) ),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
        #[schemars(tag = "type", content = "payload")]
        pub enum $name {
            $( $(#[$vdoc])* #[schemars(rename = $kind)] $variant($payload), )*
            /// A type that is not known here. It is answered with `error{code: "unknown-type"}`, not a close.
            #[schemars(skip)]
            Unknown {
                /// The type, cut to 64 bytes.
                kind: String,
            },
        }

        impl crate::Message for $name {
            fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $kind, )*
                    Self::Unknown { kind } => kind,
                }
            }

            fn payload(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $( Self::$variant(payload) => serde_json::to_value(payload), )*
                    Self::Unknown { .. } => Ok(serde_json::json!({})),
                }
            }

            fn from_parts(kind: &str, payload: serde_json::Value) -> Result<Self, crate::DecodeError> {
                match kind {
                    $( $kind => crate::envelope::read($kind, payload).map(Self::$variant), )*
                    other => Ok(Self::Unknown { kind: crate::decode::cut(other, 64) }),
                }
            }
        }
    };
}
pub(crate) use messages;
