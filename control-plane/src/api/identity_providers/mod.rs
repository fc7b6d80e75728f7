//! Identity providers: `/api/identity-providers`

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiState, auth::oidc};
use crate::{
    domain::role::Role,
    service::{
        identity_providers::{IdentityProviderView, NewGroupRole},
        people::NewRole,
    },
};

/// A provider, and what has to be registered there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredProvider {
    #[serde(flatten)]
    pub view: IdentityProviderView,
    /// Where it sends browsers back to, for the client there.
    pub callback_url: String,
}

fn registered(state: &ApiState, view: IdentityProviderView) -> RegisteredProvider {
    RegisteredProvider { callback_url: oidc::redirect_uri(state, &view.name), view }
}

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
