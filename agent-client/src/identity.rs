//! The agent's Ed25519 key: made here, kept in a file that only its owner can read, used to sign proofs. It never leaves
//! this module in the clear, except to its file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use aws_lc_rs::hkdf;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reeve_protocol::{AgentDid, MAX_PROOF_SECONDS, ProofClaims};
use zeroize::Zeroizing;

use crate::{AgentError, clock};

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Who the agent is. Debug shows the DID and nothing else.
#[derive(Clone)]
pub struct Identity {
    did: AgentDid,
    signing: EncodingKey,
    seed: Zeroizing<[u8; 32]>,
}

impl Identity {
    /// A new random identity, not yet stored anywhere.
    pub fn generate() -> Result<Self, AgentError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| AgentError::Crypto { doing: "making a key" })?;
        Self::from_pair(&pair)
    }

    fn from_pair(pair: &Ed25519KeyPair) -> Result<Self, AgentError> {
        let failed = |_| AgentError::Crypto { doing: "reading a key" };
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| AgentError::Crypto { doing: "reading a key" })?;
        let seed = pair.seed().map_err(failed)?;
        let seed: Zeroizing<[u8; 32]> = {
            let bytes = Zeroizing::new(
                aws_lc_rs::encoding::AsBigEndian::as_be_bytes(&seed).map_err(failed)?.as_ref().to_vec(),
            );
            let mut array = Zeroizing::new([0; 32]);
            array.copy_from_slice(&bytes);
            array
        };
        let der = pair.to_pkcs8().map_err(failed)?;
        Ok(Self {
            did: AgentDid::from_public_key(&public),
            signing: EncodingKey::from_ed_der(der.as_ref()),
            seed,
        })
    }

    /// The agent's id, `did:key:z6Mk...`.
    pub fn did(&self) -> &AgentDid {
        &self.did
    }

    /// Reads the identity from `path`: PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. Refused when
    /// others than the owner could read or change it.
    pub fn load(path: &Path) -> Result<Self, AgentError> {
        let refused = |problem: String| AgentError::Identity { path: path.to_owned(), problem };
        let mut file = File::open(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => AgentError::NoIdentity { path: path.to_owned() },
            _ => AgentError::File { action: "opening", path: path.to_owned(), source },
        })?;
        let failed = |source| AgentError::File { action: "reading", path: path.to_owned(), source };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(refused(format!(
                "its mode is {mode:04o}, so others than its owner could use it; run `chmod 600 {}`, and make a new \
                 identity if someone may have read it",
                path.display()
            )));
        }
        let mut pem = Zeroizing::new(String::new());
        file.read_to_string(&mut pem).map_err(failed)?;
        let body = pem.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let damaged = || refused("it is not an Ed25519 private key in PEM (PKCS#8)".to_owned());
        let base64: Zeroizing<String> =
            Zeroizing::new(body.ok_or_else(damaged)?.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        let der = Zeroizing::new(BASE64_STANDARD.decode(base64.as_bytes()).map_err(|_| damaged())?);
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| damaged())?;
        Self::from_pair(&pair)
    }

    /// Writes the identity to `path`, mode 0600. Fails when a file is there: an identity is never overwritten.
    pub fn create(&self, path: &Path) -> Result<(), AgentError> {
        let failed = |source| AgentError::File { action: "creating", path: path.to_owned(), source };
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed[..])
            .map_err(|_| AgentError::Crypto { doing: "writing a key" })?;
        let der = pair.to_pkcs8v1().map_err(|_| AgentError::Crypto { doing: "writing a key" })?;
        let body = Zeroizing::new(BASE64_STANDARD.encode(der.as_ref()));
        let pem = Zeroizing::new(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", &*body));
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()).map_err(|source| {
            // Half an identity would be in the way of the next attempt; that it cannot be removed is said by that one.
            let _ = std::fs::remove_file(path);
            failed(source)
        })
    }

    /// A proof for one request to the control plane with this origin: good for a minute, once.
    pub(crate) fn proof(&self, origin: &str) -> Result<Zeroizing<String>, AgentError> {
        let iat = clock::now().timestamp();
        let claims = ProofClaims {
            iss: self.did.to_string(),
            sub: self.did.to_string(),
            aud: origin.to_owned(),
            iat,
            exp: iat + MAX_PROOF_SECONDS,
            jti: clock::id().to_string(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing)
            .map(Zeroizing::new)
            .map_err(|_| AgentError::Crypto { doing: "signing a proof" })
    }

    /// A key for sealing files of this agent, different per `purpose`: HKDF-SHA256 over the identity's seed.
    pub(crate) fn derive_key(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, AgentError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"reeve-agent").extract(&self.seed[..]);
        let mut key = Zeroizing::new([0; 32]);
        prk.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key[..]))
            .map_err(|_| AgentError::Crypto { doing: "deriving a key" })?;
        Ok(key)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("did", &self.did).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[test]
    fn an_identity_is_the_same_after_it_was_stored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.pem");
        let made = Identity::generate().unwrap();
        made.create(&path).unwrap();
        let read = Identity::load(&path).unwrap();
        assert_eq!(read.did(), made.did());
        assert_eq!(*read.derive_key("a").unwrap(), *made.derive_key("a").unwrap());
        assert_ne!(*read.derive_key("a").unwrap(), *made.derive_key("b").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{made:?}").contains("seed"));
    }

    #[test]
    fn an_identity_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.pem");
        Identity::generate().unwrap().create(&path).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(Identity::generate().unwrap().create(&path), Err(AgentError::File { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn an_identity_that_others_can_read_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.pem");
        Identity::generate().unwrap().create(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o610] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let text = Identity::load(&path).unwrap_err().to_string();
            assert!(text.contains(&format!("{mode:04o}")) && text.contains("chmod 600"), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.pem");
        assert!(matches!(Identity::load(&path), Err(AgentError::NoIdentity { .. })));
        for text in ["", "secret-marker", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let error = Identity::load(&path).unwrap_err();
            assert!(matches!(&error, AgentError::Identity { .. }) && !error.to_string().contains("marker"));
        }
    }

    /// An Ed25519 key that `openssl genpkey` made, of the all-zero seed.
    #[test]
    fn a_key_of_openssl_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.pem");
        let der = [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20][..], &[0; 32]]
            .concat();
        std::fs::write(&path, format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", BASE64_STANDARD.encode(der))).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let did = Identity::load(&path).unwrap().did().to_string();
        assert_eq!(did, "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
    }

    #[test]
    fn a_proof_is_signed_by_the_key_in_the_did() {
        let identity = Identity::generate().unwrap();
        let proof = identity.proof("https://reeve.example").unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["https://reeve.example"]);
        let key = DecodingKey::from_ed_der(&identity.did().public_key());
        let claims = jsonwebtoken::decode::<ProofClaims>(&*proof, &key, &validation).unwrap().claims;
        assert_eq!(claims.check(claims.iat, 0).unwrap(), *identity.did());
        let other = Identity::generate().unwrap();
        let wrong = DecodingKey::from_ed_der(&other.did().public_key());
        assert!(jsonwebtoken::decode::<ProofClaims>(&*proof, &wrong, &validation).is_err());
        assert_ne!(*identity.proof("https://reeve.example").unwrap(), *proof, "a proof is used once");
    }
}
