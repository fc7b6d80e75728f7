//! The injected source of ids and random secrets.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rand::RngExt as _;
use uuid::Uuid;

use super::secret::Secret;

/// Makes ids (UUIDv7, so they sort by time) and random secrets. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum IdGen {
    #[default]
    Random,
    /// Ids that count up from 1, for tests whose output is compared. Secrets stay random.
    Sequence(Arc<AtomicU64>),
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl IdGen {
    /// Ids 1, 2, 3, ... for tests.
    pub fn sequence() -> Self {
        Self::Sequence(Arc::new(AtomicU64::new(0)))
    }

    /// A fresh UUIDv7.
    pub fn uuid(&self) -> Uuid {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that may make ids")]
            Self::Random => Uuid::now_v7(),
            Self::Sequence(last) => Uuid::from_u128(u128::from(last.fetch_add(1, Ordering::Relaxed) + 1)),
        }
    }

    /// `prefix` followed by 43 base62 characters: a little over 256 bits from the operating system.
    pub fn secret(&self, prefix: &str) -> Secret {
        let mut rng = rand::rng();
        let mut text = String::with_capacity(prefix.len() + 43);
        text.push_str(prefix);
        for _ in 0..43 {
            text.push(char::from(BASE62[rng.random_range(0..BASE62.len())]));
        }
        Secret::new(text)
    }

    /// A number from 0.0 up to 1.0, for spreading waits.
    pub fn sample(&self) -> f64 {
        rand::random()
    }

    /// `N` random bytes, for keys and nonces.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::rng().fill(&mut bytes[..]);
        bytes
    }
}
