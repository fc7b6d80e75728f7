//! Sealing: AES-256-GCM envelope encryption for the secret columns of the store.
//!
//! Every secret gets a random data key of its own, which encrypts it; the data key is wrapped by a
//! key-encryption key (KEK) of the [`KeyRing`]. The store calls `seal` and `open`; startup calls the canary; it
//! must not read the environment, files, or the database.
//!
//! ```text
//! format 1 | KEK version | wrap nonce | wrapped data key | nonce | ciphertext
//!   1 byte |  4, big end |         12 |        32 + 16   |    12 | n + 16
//! ```
//!
//! The secret's additional data binds its place (table, row, column), its generation and the KEK version, so a
//! value copied to another row does not open. The wrap binds the KEK version alone: that is how a wrong key
//! (the wrap fails) is told from a damaged or moved value (the wrap opens, the secret does not).

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use zeroize::{Zeroize as _, Zeroizing};

pub use self::ring::{KeyRing, KeyRingError};
use super::{idgen::IdGen, secret::Secret};

mod ring;

const FORMAT: u8 = 1;
const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEADER: usize = 1 + 4;
const WRAP: usize = NONCE + KEY + TAG;

/// What a canary holds; only that it opens matters.
const CANARY: &str = "reeve canary";

/// Where a sealed value lives. A value opens only at the place it was sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedAt {
    pub table: &'static str,
    /// The row's primary key as text: a UUID, or whatever names the row.
    pub row: String,
    pub column: &'static str,
}

impl SealedAt {
    pub fn new(table: &'static str, row: impl std::fmt::Display, column: &'static str) -> Self {
        Self { table, row: row.to_string(), column }
    }

    /// Length-prefixed, so that no two different places give the same bytes.
    fn additional_data(&self, generation: i64, kek_version: u32) -> Vec<u8> {
        let mut bytes = b"reeve secret".to_vec();
        for part in [self.table, &self.row, self.column] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(&kek_version.to_be_bytes());
        bytes
    }
}

/// Why a sealed value did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "sealed with master key version {needs}, but only version(s) {} are given: add the missing one to \
         REEVE_MASTER_KEY or REEVE_MASTER_KEY_FILE as `{needs}:BASE64`", list(.have)
    )]
    UnknownKekVersion { have: Vec<u32>, needs: u32 },
    #[error(
        "master key version {version} is not the one that sealed this database: give the original in \
         REEVE_MASTER_KEY or REEVE_MASTER_KEY_FILE"
    )]
    WrongKey { version: u32 },
    #[error("the sealed value is damaged, or it belongs to another row, column or generation")]
    Malformed,
}

fn list(versions: &[u32]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The version of the KEK that wrapped `sealed`, read without opening it; `None` when it is no sealed value.
pub fn kek_version(sealed: &[u8]) -> Option<u32> {
    Parts::split(sealed).map(|parts| parts.kek_version)
}

/// Seals with the first key of its ring and opens with any of them. Share it behind an `Arc`.
pub struct Sealer {
    ring: KeyRing,
    random: IdGen,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("versions", &self.ring.versions()).finish_non_exhaustive()
    }
}

impl Sealer {
    pub fn new(ring: KeyRing) -> Self {
        Self { ring, random: IdGen::Random }
    }

    /// The versions that can open; the first one seals.
    pub fn versions(&self) -> Vec<u32> {
        self.ring.versions()
    }

    /// The version that seals.
    pub fn seals_with(&self) -> u32 {
        self.ring.first().0
    }

    /// True when `sealed` is not under the first key: `reeve kek rotate` opens and seals such a value again.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        kek_version(sealed) != Some(self.seals_with())
    }

    /// Encrypts `plaintext` for the place `at` and this `generation` (0 where the row has none).
    pub fn seal(&self, at: &SealedAt, generation: i64, plaintext: &Secret) -> Vec<u8> {
        let (kek_version, kek) = self.ring.first();
        let data_key = Zeroizing::new(self.random.bytes::<KEY>());
        let text = plaintext.expose().as_bytes();

        let mut sealed = Vec::with_capacity(HEADER + WRAP + NONCE + text.len() + TAG);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&kek_version.to_be_bytes());
        self.encrypt(kek, &data_key[..], &wrap_data(kek_version), &mut sealed);
        let cipher = Aes256Gcm::new((&*data_key).into());
        self.encrypt(&cipher, text, &at.additional_data(generation, kek_version), &mut sealed);
        sealed
    }

    /// Decrypts what [`Sealer::seal`] made for the same place and generation. Any bytes may be given.
    pub fn open(&self, at: &SealedAt, generation: i64, sealed: &[u8]) -> Result<Secret, SealError> {
        let parts = Parts::split(sealed).ok_or(SealError::Malformed)?;
        let version = parts.kek_version;
        let Some(kek) = self.ring.get(version) else {
            return Err(SealError::UnknownKekVersion { have: self.ring.versions(), needs: version });
        };
        let data_key =
            decrypt(kek, parts.wrap, &wrap_data(version)).ok_or(SealError::WrongKey { version })?;
        let cipher = Aes256Gcm::new_from_slice(&data_key).map_err(|_| SealError::Malformed)?;
        let mut text = decrypt(&cipher, parts.secret, &at.additional_data(generation, version))
            .ok_or(SealError::Malformed)?;
        String::from_utf8(std::mem::take(&mut *text)).map(Secret::new).map_err(|not_text| {
            not_text.into_bytes().zeroize();
            SealError::Malformed
        })
    }

    /// A sealed value without content, stored once per database so that a start can tell a wrong key at once.
    pub fn make_canary(&self) -> Vec<u8> {
        self.seal(&canary_place(), 0, &Secret::new(CANARY))
    }

    /// Fails when this ring is not the one that made `canary`.
    pub fn check_canary(&self, canary: &[u8]) -> Result<(), SealError> {
        self.open(&canary_place(), 0, canary).map(drop)
    }

    /// Appends `nonce | ciphertext | tag`.
    fn encrypt(&self, cipher: &Aes256Gcm, text: &[u8], additional: &[u8], out: &mut Vec<u8>) {
        let nonce = Nonce::from(self.random.bytes::<NONCE>());
        #[expect(
            clippy::expect_used,
            reason = "AES-GCM refuses only more than 64 GiB, which no Secret holds"
        )]
        let encrypted = cipher
            .encrypt(&nonce, Payload { msg: text, aad: additional })
            .expect("a secret is far below the limit of AES-GCM");
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&encrypted);
    }
}

/// Takes `nonce | ciphertext | tag`; `None` when it was not made by this key with this additional data.
fn decrypt(cipher: &Aes256Gcm, bytes: &[u8], additional: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, text) = bytes.split_first_chunk::<NONCE>()?;
    let text = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: additional }).ok()?;
    Some(Zeroizing::new(text))
}

fn wrap_data(kek_version: u32) -> [u8; 18] {
    let mut bytes = *b"reeve data key\0\0\0\0";
    bytes[14..].copy_from_slice(&kek_version.to_be_bytes());
    bytes
}

fn canary_place() -> SealedAt {
    SealedAt::new("canary", "canary", "canary")
}

struct Parts<'a> {
    kek_version: u32,
    wrap: &'a [u8],
    secret: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(sealed: &'a [u8]) -> Option<Self> {
        let (&format, rest) = sealed.split_first()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (wrap, secret) = rest.split_at_checked(WRAP)?;
        let long_enough = secret.len() >= NONCE + TAG;
        (format == FORMAT && long_enough).then(|| Self {
            kek_version: u32::from_be_bytes(*version),
            wrap,
            secret,
        })
    }
}

#[cfg(test)]
mod tests;
