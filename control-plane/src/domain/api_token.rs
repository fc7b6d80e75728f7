//! Tokens of CI jobs and services: their form, and what they hold.

use chrono::{DateTime, Utc};

use super::{
    permission::{Permission, Rights},
    role::Role,
};
use crate::base::{
    ids::{ApiTokenId, RealmId},
    secret::Secret,
};

/// What every token begins with, so that a scanner of secrets knows one where it lies about.
pub const PREFIX: &str = "reeve_tok_";
/// Characters of the checksum at the end.
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Adds the checksum, so that a scanner needs nobody to tell a token from a random text: CRC-32 over all characters
/// before it, in base 62.
pub fn with_checksum(body: &Secret) -> Secret {
    Secret::new(format!("{}{}", body.expose(), checksum(body.expose())))
}

/// Whether the text has the form of a token; one that has not was never made here.
pub fn is_well_formed(text: &str) -> bool {
    text.starts_with(PREFIX)
        && text
            .len()
            .checked_sub(CHECKSUM)
            .and_then(|at| text.split_at_checked(at))
            .is_some_and(|(body, end)| body.len() > PREFIX.len() && checksum(body) == end)
}

fn checksum(body: &str) -> String {
    let mut number = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits.iter().map(|d| char::from(*d)).collect()
}

/// A token as it is stored: without its text.
#[derive(Clone, Debug)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: String,
    pub fingerprint: String,
    pub role: Option<Role>,
    pub permissions: Vec<Permission>,
    /// `None`: everywhere.
    pub realm_ids: Option<Vec<RealmId>>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_address: Option<String>,
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the text before the last rotation counts.
    pub previous_until: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl ApiToken {
    pub fn rights(&self) -> Rights {
        let mut rights = Rights::default();
        let realms = self.realm_ids.as_deref();
        if let Some(role) = self.role {
            rights.give_role(role, realms);
        }
        self.permissions.iter().for_each(|p| rights.give(*p, realms));
        rights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_by_itself_that_it_is_one() {
        let token = with_checksum(&Secret::new("reeve_tok_0123456789abcdefghijABCDEFGHIJ0123456789abcde"));
        assert!(is_well_formed(token.expose()), "{}", token.expose());
        let changed = token.expose().replacen('5', "6", 1);
        for text in [changed.as_str(), "reeve_tok_", "reeve_tok_000000", "sk-x", "", "reeve_tok_é12345"] {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
