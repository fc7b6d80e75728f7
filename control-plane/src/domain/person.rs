//! People who sign in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    error::{Error, Result},
    permission::Rights,
    role::Role,
};
use crate::base::{
    ids::{IdentityProviderId, PersonId, PersonSessionId, RealmId},
    secret::Secret,
};

/// Shortest password; longer ones are better than odder ones (NIST SP 800-63B).
const MIN_PASSWORD: usize = 12;
const MAX_PASSWORD: usize = 1024;

/// A role, and where it is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleAt {
    pub role: Role,
    /// Null: everywhere.
    pub realm_id: Option<RealmId>,
    /// The identity provider whose groups give it; null: people here gave it.
    pub provider_id: Option<IdentityProviderId>,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub email: String,
    pub name: String,
    pub has_password: bool,
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
    pub roles: Vec<RoleAt>,
}

impl Person {
    pub fn rights(&self) -> Rights {
        rights(&self.roles)
    }

    /// As the audit names them.
    pub fn actor(&self) -> String {
        format!("person:{}", self.email)
    }
}

/// What these roles hold together.
pub fn rights(roles: &[RoleAt]) -> Rights {
    let mut rights = Rights::default();
    for at in roles {
        rights.give_role(at.role, at.realm_id.as_ref().map(std::slice::from_ref));
    }
    rights
}

/// A session of a person.
#[derive(Clone, Debug)]
pub struct PersonSession {
    pub id: PersonSessionId,
    pub person_id: PersonId,
    pub address: Option<String>,
    pub user_agent: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// An email address in the form that is compared: lower case, without spaces around it.
pub fn email(field: &str, text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let sound = email.len() <= 254
        && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    if sound {
        Ok(email)
    } else {
        Err(Error::invalid(field, "expected an email address, such as ada@example.org"))
    }
}

/// Refuses a password that is short, very long, or the account's own name.
pub fn check_password(field: &str, password: &Secret, email: &str) -> Result<()> {
    let text = password.expose();
    let length = text.chars().count();
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&length) {
        return Err(Error::invalid(field, format!("expected {MIN_PASSWORD} to {MAX_PASSWORD} characters")));
    }
    if text.to_lowercase() == email || text.chars().all(|c| text.starts_with(c)) {
        return Err(Error::invalid(field, "is too easy to guess; choose another"));
    }
    Ok(())
}
