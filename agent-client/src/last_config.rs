//! The last good document as a file: AES-256-GCM under a key that follows from the agent's identity. Who copies the file
//! without the identity has nothing; who changes it is found out.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use reeve_protocol::LlmConfigMessage;
use zeroize::Zeroizing;

use crate::{AgentError, Identity};

/// The file's first bytes: its kind and format. Also the purpose of the key, and authenticated.
const HEAD: &str = "reeve-agent last-config 1\n";
const NONCE: usize = 12;
const TAG: usize = 16;

/// The file's bytes: head, nonce, ciphertext, tag.
pub(crate) fn seal(identity: &Identity, message: &LlmConfigMessage) -> Result<Vec<u8>, AgentError> {
    let failed = || AgentError::Crypto { doing: "sealing the last good document" };
    let mut text = Zeroizing::new(Vec::new());
    serde_json::to_writer(&mut *text, message).map_err(|_| failed())?;
    // Sealed in place in a buffer that does not grow, so that no plaintext is left behind in freed memory.
    let mut buffer = Vec::with_capacity(text.len() + TAG);
    buffer.extend_from_slice(&text);
    let nonce = key(identity)?.seal_in_place_append_tag(aad(identity), &mut buffer).map_err(|_| failed())?;
    Ok([HEAD.as_bytes(), nonce.as_ref(), &buffer].concat())
}

/// The document in a file's bytes. An error says what is wrong, in words without content.
pub(crate) fn open(identity: &Identity, file: Vec<u8>) -> Result<LlmConfigMessage, String> {
    let file = Zeroizing::new(file);
    let rest = file.strip_prefix(HEAD.as_bytes()).ok_or("its first line is another")?;
    let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or("it is cut off")?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| "it is cut off")?;
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let text = key(identity)
        .map_err(|error| error.to_string())?
        .open_in_place(nonce, aad(identity), &mut buffer)
        .map_err(|_| "it was changed, or sealed for another identity")?;
    serde_json::from_slice(text).map_err(|_| "its document cannot be read".to_owned())
}

fn key(identity: &Identity) -> Result<RandomizedNonceKey, AgentError> {
    let key = identity.derive_key(HEAD)?;
    RandomizedNonceKey::new(&AES_256_GCM, &key[..])
        .map_err(|_| AgentError::Crypto { doing: "deriving a key" })
}

fn aad(identity: &Identity) -> Aad<String> {
    Aad::from(format!("{HEAD}{}", identity.did()))
}

#[cfg(test)]
mod tests {
    use reeve_protocol::{Document, LlmConfigMessage};

    use super::*;

    fn message() -> LlmConfigMessage {
        let config = serde_json::json!({
            "provider": "openai-compatible", "model": "a/b", "baseUrl": "https://x/v1", "apiKey": "sk-marker-secret"
        });
        LlmConfigMessage::new(7, Document::Active(Box::new(serde_json::from_value(config).unwrap())), "grant")
    }

    #[test]
    fn only_its_identity_opens_it() {
        let identity = Identity::generate().unwrap();
        let sealed = seal(&identity, &message()).unwrap();
        assert!(!sealed.windows(9).any(|part| part == b"sk-marker"), "the key is not in the file");
        assert_eq!(open(&identity, sealed.clone()).unwrap(), message());
        assert!(open(&Identity::generate().unwrap(), sealed.clone()).is_err());
        assert_ne!(seal(&identity, &message()).unwrap(), sealed, "a nonce is used once");
    }

    #[test]
    fn every_changed_or_missing_byte_is_found_out() {
        let identity = Identity::generate().unwrap();
        let sealed = seal(&identity, &message()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&identity, changed).is_err(), "byte {at}");
            assert!(open(&identity, sealed[..at].to_vec()).is_err(), "cut at {at}");
        }
    }
}
