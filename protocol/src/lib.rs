//! The wire types of the Reeve agent protocol, version 1: what the control plane and an agent say to each other.
//!
//! Used by both ends, so that neither can drift from the other. It owns the shapes, their JSON form, the hash of a
//! document and the pure part of an agent's identity. It must not do I/O, read the clock, or hold keys.
//!
//! A session is JSON text messages over one WebSocket, `GET` [`SOCKET_PATH`]. Each message is an [`Envelope`] around
//! a [`ToAgent`] or a [`FromAgent`].

mod api_key;
mod config;
mod decode;
mod enroll;
mod envelope;
mod from_agent;
mod identity;
mod to_agent;

pub use api_key::ApiKey;
pub use config::{Detail, Document, Endpoint, LlmConfig, LlmConfigMessage, Prices, VersionHash, detail_code};
pub use config::{document_hash, reason};
pub use decode::{DecodeError, EncodeError};
pub use enroll::{AgentApproval, EnrollRequest, EnrollResponse};
pub use envelope::{Envelope, Message};
pub use from_agent::{
    ActiveLlm, FromAgent, Heartbeat, Hello, LlmConfigStatus, ProtocolRange, StatusKind, TokenUsage,
};
pub use identity::{AgentDid, DidError, ProofClaims, ProofProblem};
pub use to_agent::{
    Empty, ErrorMessage, Goaway, RegistrationApproved, RegistrationPending, RegistrationRejected, Revoked,
    ToAgent, Welcome,
};

/// The oldest protocol version that this build speaks.
pub const PROTOCOL_MIN: u32 = 1;
/// The newest protocol version that this build speaks.
pub const PROTOCOL_MAX: u32 = 1;

/// The largest message in either direction, in bytes of UTF-8. A larger one closes the socket with
/// [`close_code::TOO_BIG`].
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The path of the agent socket on the control plane.
pub const SOCKET_PATH: &str = "/ws/agent";
/// The path of the enrolment call on the control plane.
pub const ENROLL_PATH: &str = "/api/agents/enroll";

/// Seconds between heartbeats until `welcome` names another number.
pub const DEFAULT_HEARTBEAT_SECONDS: u32 = 30;
/// Heartbeats in a row that may go unanswered; the next one closes the socket.
pub const MISSED_HEARTBEATS: u32 = 3;

/// The longest life of a proof, `exp - iat`, in seconds.
pub const MAX_PROOF_SECONDS: i64 = 60;

/// The longest `message` of a status or an error, in bytes; longer text is cut at a character.
pub const MAX_TEXT_BYTES: usize = 1024;

/// WebSocket close codes of this protocol. 1000 to 1015 are RFC 6455's, 4000 and up are ours.
pub mod close_code {
    /// The session ended as it should.
    pub const NORMAL: u16 = 1000;
    /// The control plane stops or restarts; come back.
    pub const GOING_AWAY: u16 = 1001;
    /// A message was larger than [`MAX_MESSAGE_BYTES`](crate::MAX_MESSAGE_BYTES).
    pub const TOO_BIG: u16 = 1009;
    /// The peer broke a rule of the protocol, for example by not saying `hello`.
    pub const PROTOCOL_ERROR: u16 = 4400;
    /// The agent was revoked (or its registration rejected): wipe the keys, do not come back.
    pub const REVOKED: u16 = 4403;
    /// Three heartbeats were missed, or a document was not answered in time; come back.
    pub const TIMEOUT: u16 = 4408;
    /// A newer checked session of the same agent took over; do not fight it.
    pub const SUPERSEDED: u16 = 4409;
    /// No protocol version is spoken by both ends.
    pub const UNSUPPORTED_VERSION: u16 = 4426;
}

/// Codes of [`ErrorMessage`] and of a rejected [`LlmConfigStatus`] that the protocol itself defines. A program that
/// embeds the agent adds its own.
pub mod code {
    /// An `error`: the type of the message is not known here.
    pub const UNKNOWN_TYPE: &str = "unknown-type";
    /// An `error`: the message is not JSON, or lacks a part of the envelope.
    pub const BAD_ENVELOPE: &str = "bad-envelope";
    /// An `error`: the payload does not fit its type.
    pub const BAD_PAYLOAD: &str = "bad-payload";
    /// A rejection: the version is lower than that of the last applied document.
    pub const VERSION_REGRESSED: &str = "version-regressed";
    /// A rejection: the hash is not the one of the document it came with.
    pub const HASH_MISMATCH: &str = "hash-mismatch";
    /// A rejection: the program that embeds the agent crashed over the document, or did not answer in time.
    pub const HANDLER_FAILED: &str = "handler-failed";
    /// A rejection: the document does not have the shape it must have.
    pub const BAD_DOCUMENT: &str = "bad-document";
}
