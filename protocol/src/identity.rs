//! The pure part of an agent's identity: its `did:key` and the claims of its proofs. Signing and checking signatures
//! belong to the two ends, which hold the keys.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::MAX_PROOF_SECONDS;

/// The multicodec of an Ed25519 public key, as an unsigned varint (<https://github.com/multiformats/multicodec>).
const ED25519: [u8; 2] = [0xed, 0x01];
const PREFIX: &str = "did:key:z";

/// The `did:key` of an Ed25519 public key, `did:key:z6Mk...` (56 characters). A value of this type is well formed and
/// canonical, so equal keys are equal texts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AgentDid(String);

/// Why a text is not the id of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the did:key of an Ed25519 public key, which is 56 characters and begins with did:key:z6Mk")]
pub struct DidError;

impl AgentDid {
    /// The DID of a public key.
    pub fn from_public_key(key: &[u8; 32]) -> Self {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&ED25519);
        bytes[2..].copy_from_slice(key);
        Self(format!("{PREFIX}{}", bs58::encode(bytes).into_string()))
    }

    /// Reads a DID.
    ///
    /// # Errors
    /// [`DidError`] for any other DID method or key type, and for a text that is not canonical.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        decode(text).map(|_| Self(text.to_owned()))
    }

    /// The public key inside the DID: whom a proof must be signed by.
    pub fn public_key(&self) -> [u8; 32] {
        // A value of this type was made from a key or has been decoded before, so this cannot fail; an all-zero key
        // verifies nothing.
        decode(&self.0).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn decode(text: &str) -> Result<[u8; 32], DidError> {
    let encoded = text.strip_prefix(PREFIX).ok_or(DidError)?;
    let mut bytes = [0; 34];
    // The length is checked first: decoding base58 costs the square of it. 34 bytes have at most 47 digits.
    if encoded.len() > 48 || bs58::decode(encoded).onto(&mut bytes[..]).map_err(|_| DidError)? != bytes.len()
    {
        return Err(DidError);
    }
    let key = bytes.strip_prefix(&ED25519).and_then(|key| key.try_into().ok()).ok_or(DidError)?;
    Ok(key)
}

impl fmt::Display for AgentDid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AgentDid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AgentDid {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for AgentDid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for AgentDid {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AgentDid".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$" })
    }
}

/// The claims of a proof: a JWT, algorithm EdDSA, signed by the key that `iss` names. One proof is used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofClaims {
    /// The agent's DID.
    pub iss: String,
    /// The same as `iss`.
    pub sub: String,
    /// The origin of the control plane as the agent dials it: `scheme://host[:port]`, http or https also for a socket,
    /// no default port, no trailing slash.
    pub aud: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Expires at, Unix seconds: at most [`MAX_PROOF_SECONDS`] after `iat`.
    pub exp: i64,
    /// Unique per proof, so that a second use is told.
    pub jti: String,
}

/// What is wrong with the claims of a proof, apart from its signature, its audience and a second use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofProblem {
    #[error("`iss` and `sub` must be the same agent")]
    Subject,
    #[error(transparent)]
    Did(#[from] DidError),
    #[error("`exp` must be after `iat`, by at most {MAX_PROOF_SECONDS} seconds")]
    Lifetime,
    #[error("the proof has expired; is the agent's clock right?")]
    Expired,
    #[error("the proof is from the future; is the agent's clock right?")]
    NotYet,
    #[error("`jti` must have 1 to 128 characters")]
    Id,
}

impl ProofClaims {
    /// Checks all that can be told from the claims alone and gives the agent's DID. `now` is Unix seconds, `leeway` the
    /// seconds by which the two clocks may differ. The caller checks the signature with the DID's key, then `aud`, then
    /// that `jti` is new.
    ///
    /// # Errors
    /// [`ProofProblem`], the first that is found.
    pub fn check(&self, now: i64, leeway: i64) -> Result<AgentDid, ProofProblem> {
        if self.iss != self.sub {
            return Err(ProofProblem::Subject);
        }
        let did = AgentDid::parse(&self.iss)?;
        let lifetime = self.exp.checked_sub(self.iat).ok_or(ProofProblem::Lifetime)?;
        if !(1..=MAX_PROOF_SECONDS).contains(&lifetime) {
            return Err(ProofProblem::Lifetime);
        }
        if self.exp.saturating_add(leeway) <= now {
            return Err(ProofProblem::Expired);
        }
        if self.iat > now.saturating_add(leeway) {
            return Err(ProofProblem::NotYet);
        }
        if self.jti.is_empty() || self.jti.len() > 128 {
            return Err(ProofProblem::Id);
        }
        Ok(did)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first Ed25519 example of the did:key specification (<https://w3c-ccg.github.io/did-key-spec/>).
    const EXAMPLE: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

    #[test]
    fn a_did_and_its_key_are_one() {
        let did = AgentDid::parse(EXAMPLE).unwrap();
        assert_eq!(AgentDid::from_public_key(&did.public_key()), did);
        assert_eq!(
            hex::encode(did.public_key()),
            "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
            "the public key of the all-zero Ed25519 seed"
        );
    }

    #[test]
    fn other_dids_are_refused() {
        for text in [
            "",
            "did:web:example.com",
            "did:key:",
            "did:key:z",
            "did:key:z6Mk",
            // A secp256k1 and an X25519 key.
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
            "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F",
            &EXAMPLE.to_uppercase(),
            &format!("{EXAMPLE}x"),
            &format!(" {EXAMPLE}"),
            &"did:key:z6Mk".repeat(100_000),
        ] {
            assert_eq!(AgentDid::parse(text), Err(DidError), "{text:.60}");
        }
    }

    #[test]
    fn claims_are_checked() {
        let good = ProofClaims {
            iss: EXAMPLE.into(),
            sub: EXAMPLE.into(),
            aud: "https://reeve.example".into(),
            iat: 1_000,
            exp: 1_060,
            jti: "one".into(),
        };
        let but = |change: fn(&mut ProofClaims)| {
            let mut claims = good.clone();
            change(&mut claims);
            claims
        };
        assert_eq!(good.check(1_000, 0).unwrap().as_str(), EXAMPLE);
        assert!(good.check(1_064, 5).is_ok());
        assert!(good.check(995, 5).is_ok());
        assert_eq!(good.check(1_060, 0), Err(ProofProblem::Expired));
        assert_eq!(good.check(994, 5), Err(ProofProblem::NotYet));
        assert_eq!(but(|c| c.exp = 1_061).check(1_000, 0), Err(ProofProblem::Lifetime));
        assert_eq!(but(|c| c.exp = 1_000).check(1_000, 0), Err(ProofProblem::Lifetime));
        assert_eq!(but(|c| c.iat = i64::MIN).check(1_000, 0), Err(ProofProblem::Lifetime));
        assert_eq!(but(|c| c.sub = "other".into()).check(1_000, 0), Err(ProofProblem::Subject));
        let both = |c: &mut ProofClaims| (c.iss, c.sub) = ("x".into(), "x".into());
        assert_eq!(but(both).check(1_000, 0), Err(ProofProblem::Did(DidError)));
        assert_eq!(but(|c| c.jti.clear()).check(1_000, 0), Err(ProofProblem::Id));
    }
}
