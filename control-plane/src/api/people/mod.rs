//! People who sign in: `/api/people`

pub mod create;
pub mod delete;
pub mod get;
pub mod invite;
pub mod list;
pub mod sessions;
pub mod update;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiState;
use crate::{
    domain::role::Role,
    service::people::{Link, NewRole, PersonView},
};

/// A role to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveRole {
    pub role: Role,
    /// Id or slug, for a role in a realm.
    pub realm_id: Option<String>,
}

impl From<GiveRole> for NewRole {
    fn from(given: GiveRole) -> Self {
        Self { role: given.role, realm: given.realm_id }
    }
}

/// A person, with the link for their password, which is shown here and nowhere else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitedPerson {
    #[serde(flatten)]
    pub view: PersonView,
    /// Good once.
    pub link: String,
    pub link_expires_at: DateTime<Utc>,
}

fn invited(state: &ApiState, view: PersonView, link: &Link) -> InvitedPerson {
    let url = link.url(&state.public_url);
    InvitedPerson { view, link: url, link_expires_at: link.expires_at }
}
