//! Table tests of proofs.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::push::testing::{ORIGIN, TestKey};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn check(token: &str) -> Result<Proof> {
    Origins::new(["https://other.example", ORIGIN]).check(token, now())
}

/// The code and the text of a refusal.
fn refused(token: &str) -> (&'static str, String) {
    match check(token) {
        Err(Error::Unauthenticated { code, message }) => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_proof_names_its_signer() {
    let key = TestKey::new();
    assert_eq!(*check(&key.proof(now())).unwrap().did(), key.did);
}

#[test]
fn claims_that_are_not_right_are_refused() {
    let key = TestKey::new();
    let other = TestKey::new();
    let but = |change: &dyn Fn(&mut ProofClaims)| {
        let mut claims = key.claims(now());
        change(&mut claims);
        refused(&key.sign(&claims))
    };
    assert_eq!(but(&|c| c.sub = other.did()).0, "bad-proof");
    assert_eq!(but(&|c| (c.iss, c.sub) = (other.did(), other.did())).0, "bad-proof", "somebody else's name");
    assert_eq!(but(&|c| c.exp = c.iat + 61).0, "bad-proof");
    assert_eq!(but(&|c| c.exp = c.iat).0, "bad-proof");
    assert_eq!(but(&|c| c.jti = String::new()).0, "bad-proof");
    assert_eq!(but(&|c| c.jti = "a\0b".to_owned()).0, "bad-proof");
    assert_eq!(but(&|c| (c.iat, c.exp) = (c.iat + 11, c.exp + 11)).0, "bad-proof", "from the future");
    assert_eq!(but(&|c| (c.iat, c.exp) = (c.iat - 70, c.exp - 70)).0, "token-expired");
    let (code, text) = but(&|c| c.aud = "http://reeve.example/".to_owned());
    assert_eq!(code, "bad-proof");
    assert!(text.contains(ORIGIN), "{text}");
    // Clocks may differ a little.
    let mut claims = key.claims(now());
    (claims.iat, claims.exp) = (claims.iat - 69, claims.exp - 69);
    assert!(check(&key.sign(&claims)).is_ok());
}

#[test]
fn every_claim_is_required() {
    let key = TestKey::new();
    let whole = serde_json::to_value(key.claims(now())).unwrap();
    for claim in ["iss", "sub", "aud", "iat", "exp", "jti"] {
        let mut claims = whole.clone();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(refused(&key.sign(&claims)).0, "bad-proof", "without {claim}");
    }
}

#[test]
fn other_algorithms_are_refused() {
    let key = TestKey::new();
    let claims = key.claims(now());
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = part(&serde_json::to_value(&claims).unwrap());
    for alg in ["none", "None", "NONE"] {
        let header = part(&json!({ "alg": alg, "typ": "JWT" }));
        assert_eq!(refused(&format!("{header}.{payload}.")).0, "bad-proof", "{alg}");
    }
    // The public key as the secret of a MAC: the classic confusion.
    let mac = EncodingKey::from_secret(&key.did.public_key());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&Header::new(algorithm), &claims, &mac).unwrap();
        let (code, text) = refused(&token);
        assert_eq!((code, text.as_str()), ("bad-proof", "the proof must be signed with algorithm EdDSA"));
    }
}

#[test]
fn a_signature_that_does_not_fit_is_refused() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let claims = key.claims(now());
    assert_eq!(refused(&other.sign(&claims)).0, "bad-proof");
    let token = key.sign(&claims);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for broken in ["", "AAAA", &signature[1..], &"A".repeat(86)] {
        assert_eq!(refused(&format!("{signed}.{broken}")).0, "bad-proof", "{broken}");
    }
    let mut changed = claims;
    changed.jti = "another".to_owned();
    let changed = key.sign(&changed);
    let (altered, _) = changed.rsplit_once('.').unwrap();
    assert_eq!(refused(&format!("{altered}.{signature}")).0, "bad-proof");
}

#[test]
fn garbage_is_refused_without_being_repeated() {
    for token in ["", ".", "..", "a.b.c", "secret-thing", &"x".repeat(5000), "💥.💥.💥"] {
        let (code, text) = refused(token);
        assert_eq!(code, "bad-proof");
        assert!(!text.contains("secret-thing"));
    }
}
