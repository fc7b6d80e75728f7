//! One token of an issuer: signed by its key with an algorithm of that key, for us, now.

use chrono::TimeDelta;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::{Issuers, LOOK_AGAIN};
use crate::domain::error::{Error, Result};

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// Largest token that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// What a token must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    /// The one that was sent along, where people sign in.
    pub nonce: Option<&'a str>,
}

/// What a token that was verified says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(pub Map<String, Value>);

impl Claims {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }
}

/// A token's issuer as it says, unverified: only to find out whom to ask.
pub fn issuer_of(token: &str) -> Option<String> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    claims.get("iss").and_then(Value::as_str).map(str::to_owned)
}

impl Issuers {
    /// The claims of a token that is all it must be. 401 `bad-identity-token` says what is not; 503 when the issuer cannot be asked.
    pub async fn verify(&self, token: &str, expected: Expected<'_>) -> Result<Claims> {
        if token.len() > MAX_BYTES {
            return Err(bad("it is too long"));
        }
        let header = decode_header(token).map_err(|_| bad("it is no signed JWT of a known algorithm"))?;
        // A secret-key algorithm would take the issuer's public key for the secret.
        if matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
            return Err(bad("it must be signed with the issuer's private key"));
        }
        let mut published = self.published(expected.issuer, None).await?;
        let mut key = find(&published.keys.keys, header.kid.as_deref(), header.alg);
        if key.is_none() && published.at < self.clock.now() - LOOK_AGAIN {
            // The issuer may have changed its keys since.
            published = self.published(expected.issuer, Some(published.at)).await?;
            key = find(&published.keys.keys, header.kid.as_deref(), header.alg);
        }
        let key = key.ok_or_else(|| bad("it is signed by no key that its issuer has published"))?;
        let key = DecodingKey::from_jwk(key).map_err(|_| bad("its issuer's key cannot be used"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[expected.issuer]);
        validation.set_audience(&[expected.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Judged by our own clock, below.
        validation.validate_exp = false;
        let verified = decode::<Map<String, Value>>(token, &key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind as K;
            bad(match error.kind() {
                K::InvalidSignature => "its signature is not its issuer's",
                K::InvalidIssuer => "it is of another issuer",
                K::InvalidAudience => "it is for another audience",
                K::MissingRequiredClaim(_) => "it lacks one of the claims iss, aud, sub and exp",
                _ => "it is not sound",
            })
        })?;
        let claims = Claims(verified.claims);
        self.check_times(&claims)?;
        check_party(&claims, expected)?;
        Ok(claims)
    }

    fn check_times(&self, claims: &Claims) -> Result<()> {
        let now = self.clock.now().timestamp();
        let exp = claims.number("exp").ok_or_else(|| bad("its exp is no time"))?;
        if exp <= now - LEEWAY {
            return Err(bad("its time is over"));
        }
        if exp > now + TimeDelta::days(1).num_seconds() {
            return Err(bad("it counts for longer than a day"));
        }
        for begin in ["nbf", "iat"] {
            if claims.0.get(begin).is_some_and(|at| at.as_i64().is_none_or(|at| at > now + LEEWAY)) {
                return Err(bad("its time has not begun"));
            }
        }
        Ok(())
    }
}

/// The nonce; and with several audiences, that it was made for us (OpenID Connect Core 3.1.3.7).
fn check_party(claims: &Claims, expected: Expected<'_>) -> Result<()> {
    if let Some(nonce) = expected.nonce {
        let given = claims.text("nonce").unwrap_or_default();
        if !bool::from(given.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(bad("it answers another sign-in"));
        }
        let several = claims.0.get("aud").and_then(Value::as_array).is_some_and(|list| list.len() > 1);
        match claims.text("azp") {
            Some(party) if party != expected.audience => return Err(bad("it was made for another party")),
            None if several => return Err(bad("it has several audiences and does not say for whom it is")),
            _ => {}
        }
    }
    Ok(())
}

/// The key of this name, when it is for this algorithm. Without a name, the only one that is.
fn find<'a>(keys: &'a [Jwk], kid: Option<&str>, alg: Algorithm) -> Option<&'a Jwk> {
    let mut fitting = keys
        .iter()
        .filter(|key| kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid)) && fits(key, alg));
    let first = fitting.next()?;
    (kid.is_some() || fitting.next().is_none()).then_some(first)
}

fn fits(key: &Jwk, alg: Algorithm) -> bool {
    use Algorithm as A;
    if key.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return false;
    }
    if key.common.key_algorithm.as_ref().is_some_and(|named| named.to_string() != format!("{alg:?}")) {
        return false;
    }
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => {
            matches!(alg, A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512)
        }
        AlgorithmParameters::EllipticCurve(ec) => {
            matches!((&ec.curve, alg), (EllipticCurve::P256, A::ES256) | (EllipticCurve::P384, A::ES384))
        }
        AlgorithmParameters::OctetKeyPair(_) => alg == A::EdDSA,
        _ => false,
    }
}

fn bad(why: &str) -> Error {
    Error::Unauthenticated {
        code: "bad-identity-token",
        message: format!("the identity token is refused: {why}"),
    }
}
