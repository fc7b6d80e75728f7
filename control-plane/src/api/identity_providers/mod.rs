//! Identity providers: `/api/identity-providers`

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::role::Role,
    service::{identity_providers::NewGroupRole, people::NewRole},
};

/// A role for a group at the provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveGroupRole {
    /// As the provider names it.
    pub group: String,
    pub role: Role,
    /// Id or slug, for a role in a realm.
    pub realm_id: Option<String>,
}

impl From<GiveGroupRole> for NewGroupRole {
    fn from(given: GiveGroupRole) -> Self {
        (given.group, NewRole { role: given.role, realm: given.realm_id })
    }
}
