//! SHA-256 over canonical JSON (RFC 8785) and over bytes, as lowercase hex.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Lowercase hex SHA-256 of `bytes`. LiteLLM names a virtual key by exactly this over its plaintext.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes.as_ref()))
}

/// A link of a hash chain: lowercase hex SHA-256 over the link before and the canonical JSON form of what is added.
pub fn chained_sha256(previous: &str, added: &impl Serialize) -> String {
    let bytes = serde_json_canonicalizer::to_vec(added).unwrap_or_default();
    sha256_hex([previous.as_bytes(), &bytes].concat())
}

/// Lowercase hex SHA-256 over the canonical JSON form, so that field order never matters.
///
/// A value that JSON cannot say (a map with non-string keys, a NaN) hashes as the empty string; the types
/// given here cannot hold one.
pub fn canonical_sha256(value: &impl Serialize) -> String {
    let bytes = serde_json_canonicalizer::to_vec(value).unwrap_or_default();
    sha256_hex(bytes)
}
