//! Whether a proof is good: a JWT that an agent signed with its own key. The agent's id comes from the key that checks
//! it and from nowhere else. Called before a socket is opened and before an agent is enrolled.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, decode_header};
use reeve_protocol::{AgentDid, ProofClaims, ProofProblem};

use crate::{
    domain::error::{Error, Result},
    store::{Conn, enrollment},
};

/// By how many seconds the agent's clock may differ from ours.
const LEEWAY: i64 = 10;
/// No proof of ours is nearly as long, in bytes.
const MAX_BYTES: usize = 4096;

/// A proof whose signature and claims are right. It is good once: [`Proof::use_up`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    did: AgentDid,
    jti: String,
    expires_at: DateTime<Utc>,
}

/// The origins under which agents reach this installation, `scheme://host[:port]`; a proof must name one as `aud`.
#[derive(Clone, Debug)]
pub struct Origins(Arc<[String]>);

impl Origins {
    pub fn new(origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(origins.into_iter().map(Into::into).collect())
    }

    /// Checks all that needs no database. 401 `token-expired` when the time is over, 401 `bad-proof` for anything else;
    /// the text says what is wrong and repeats nothing of the proof.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Proof> {
        if token.len() > MAX_BYTES {
            return Err(bad("the proof is too long"));
        }
        let header = decode_header(token).map_err(|_| bad("the proof is not a JWT with algorithm EdDSA"))?;
        if header.alg != Algorithm::EdDSA {
            return Err(bad("the proof must be signed with algorithm EdDSA"));
        }
        // The claims are looked at first, because the key is in them: the issuer is its own public key.
        let claims: ProofClaims = dangerous::insecure_decode_claims(token)
            .map_err(|_| bad("the proof must have the claims iss, sub, aud, iat, exp and jti"))?;
        let did = claims.check(now.timestamp(), LEEWAY).map_err(problem)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let key = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(did.public_key()))
            .map_err(|_| bad("the issuer's key cannot be used"))?;
        let signed = decode::<ProofClaims>(token, &key, &validation)
            .map_err(|_| bad("the proof is not signed by the key that its issuer names"))?;
        if signed.claims != claims {
            return Err(bad("the proof can be read in two ways"));
        }
        if !self.0.contains(&claims.aud) {
            return Err(bad(format!(
                "`aud` must be the origin that the agent dials; this control plane is reached as {}",
                self.0.join(", ")
            )));
        }
        if claims.jti.chars().any(char::is_control) {
            return Err(bad("`jti` must not have control characters"));
        }
        let expires_at = DateTime::from_timestamp(claims.exp.saturating_add(LEEWAY), 0)
            .ok_or_else(|| bad("`exp` is not a time"))?;
        Ok(Proof { did, jti: claims.jti, expires_at })
    }
}

impl Proof {
    /// Who made it.
    pub fn did(&self) -> &AgentDid {
        &self.did
    }

    /// Uses it up: 401 `replayed` when that was done before, on this replica or another.
    pub async fn use_up(&self, conn: &mut Conn) -> Result<()> {
        if enrollment::use_proof(conn, self.did.as_str(), &self.jti, self.expires_at).await? {
            return Ok(());
        }
        Err(Error::Unauthenticated {
            code: "replayed",
            message: "this proof was used before; make a new one for every request".to_owned(),
        })
    }
}

/// 401: the proof is good, but nobody of that name has enrolled.
pub fn unknown() -> Error {
    Error::Unauthenticated {
        code: "agent-unknown",
        message: "no agent with this identity has enrolled; enrol it first".to_owned(),
    }
}

/// 403: cut off for good.
pub fn revoked() -> Error {
    Error::Forbidden { code: "agent-revoked", message: "this agent was revoked".to_owned() }
}

/// 403: an admin said no.
pub fn rejected() -> Error {
    Error::Forbidden {
        code: "agent-rejected",
        message: "the registration of this agent was rejected".to_owned(),
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::Unauthenticated { code: "bad-proof", message: message.into() }
}

fn problem(problem: ProofProblem) -> Error {
    let code = if problem == ProofProblem::Expired { "token-expired" } else { "bad-proof" };
    Error::Unauthenticated { code, message: problem.to_string() }
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
