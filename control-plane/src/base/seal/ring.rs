//! The key-encryption keys: parsed from `version:key` text, the one that seals first. `config` makes one; `Sealer` uses it.
//! It must never echo what it was given.

use aes_gcm::{Aes256Gcm, KeyInit as _};
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use zeroize::Zeroizing;

use super::KEY;
use crate::base::{idgen::IdGen, secret::Secret};

/// One or more KEKs, at most one per version: the first seals, all open. Never empty.
#[derive(Clone)]
pub struct KeyRing {
    first: Box<(u32, Aes256Gcm)>,
    older: Vec<(u32, Aes256Gcm)>,
}

/// What is wrong with the text of a key ring. Counts and positions only: the text itself is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    #[error("entry {entry} has no valid version before the `:` (a whole number from 1 up)")]
    Version { entry: usize },
    #[error("entry {entry} is not base64")]
    Base64 { entry: usize },
    #[error("entry {entry} decodes to {bytes} bytes, a key has 32")]
    Length { entry: usize, bytes: usize },
    #[error("entry {entry} has a version that stands before it already")]
    Twice { entry: usize },
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("versions", &self.versions()).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Reads `2:BASE64,1:BASE64`, or one bare `BASE64`, which is version 1. Spaces and line ends around an entry
    /// are ignored; both base64 alphabets are read, with or without padding.
    pub fn parse(text: &Secret) -> Result<Self, KeyRingError> {
        let mut keys = Vec::new();
        for (index, entry) in text.expose().split(',').enumerate() {
            keys.push(parse_entry(index + 1, entry.trim())?);
        }
        let twice = |index: usize| keys[..index].iter().any(|(version, _)| *version == keys[index].0);
        if let Some(index) = (1..keys.len()).find(|index| twice(*index)) {
            return Err(KeyRingError::Twice { entry: index + 1 });
        }
        let mut keys = keys.into_iter();
        // `split` gives at least one entry, also of the empty text.
        let first = keys.next().ok_or(KeyRingError::Length { entry: 1, bytes: 0 })?;
        Ok(Self { first: Box::new(first), older: keys.collect() })
    }

    /// A fresh random key as the text that [`KeyRing::parse`] reads, such as `1:BASE64`.
    pub fn generate(version: u32) -> Secret {
        let key = Zeroizing::new(IdGen::Random.bytes::<KEY>());
        let encoded = Zeroizing::new(general_purpose::STANDARD.encode(&key[..]));
        Secret::new(format!("{version}:{}", *encoded))
    }

    /// All versions, the one that seals first.
    pub fn versions(&self) -> Vec<u32> {
        std::iter::once(&*self.first).chain(&self.older).map(|(version, _)| *version).collect()
    }

    pub(super) fn first(&self) -> (u32, &Aes256Gcm) {
        (self.first.0, &self.first.1)
    }

    pub(super) fn get(&self, version: u32) -> Option<&Aes256Gcm> {
        std::iter::once(&*self.first).chain(&self.older).find(|(v, _)| *v == version).map(|(_, key)| key)
    }
}

fn parse_entry(entry: usize, text: &str) -> Result<(u32, Aes256Gcm), KeyRingError> {
    let (version, encoded) = match text.split_once(':') {
        Some((version, encoded)) => {
            let version = version.trim().parse().ok().filter(|v| *v > 0);
            (version.ok_or(KeyRingError::Version { entry })?, encoded.trim())
        }
        None => (1, text),
    };
    let alphabet =
        if encoded.contains(['-', '_']) { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(alphabet, lenient).decode(encoded);
    let key = Zeroizing::new(decoded.map_err(|_| KeyRingError::Base64 { entry })?);
    let cipher =
        Aes256Gcm::new_from_slice(&key).map_err(|_| KeyRingError::Length { entry, bytes: key.len() })?;
    Ok((version, cipher))
}
