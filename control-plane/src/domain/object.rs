//! What Reeve makes true on a proxy: deployments, teams and keys that are there, and revoked rights that are refused.

use uuid::Uuid;

use crate::base::ids::{DeploymentId, KeyId, RealmId};

/// The kinds of objects, as stored in `work`, `applied` and `change_effect`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    sqlx::Type,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    Deployment,
    Team,
    Key,
    /// A right that was taken away: the proxy is asked with it until it has refused it for good.
    Revocation,
}

impl ObjectKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Team => "team",
            Self::Key => "key",
            Self::Revocation => "revocation",
        }
    }
}

impl std::str::FromStr for ObjectKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "deployment" => Ok(Self::Deployment),
            "team" => Ok(Self::Team),
            "key" => Ok(Self::Key),
            "revocation" => Ok(Self::Revocation),
            _ => Err(format!("unknown object kind {text:?}")),
        }
    }
}

/// One object, the same on every proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Object {
    pub kind: ObjectKind,
    pub id: Uuid,
}

impl Object {
    pub fn deployment(id: DeploymentId) -> Self {
        Self { kind: ObjectKind::Deployment, id: id.0 }
    }

    /// A realm's team.
    pub fn team(id: RealmId) -> Self {
        Self { kind: ObjectKind::Team, id: id.0 }
    }

    /// One generation of a realm's key.
    pub fn key(id: KeyId) -> Self {
        Self { kind: ObjectKind::Key, id: id.0 }
    }

    /// The right of a grant that ended.
    pub fn revocation(grant: Uuid) -> Self {
        Self { kind: ObjectKind::Revocation, id: grant }
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.id)
    }
}

/// `model_info.id` of a deployment: derived, so that a repeated call can only hit itself.
pub fn litellm_model_id(id: DeploymentId) -> String {
    format!("reeve-{id}")
}

/// `team_id` of a realm.
pub fn litellm_team_id(id: RealmId) -> String {
    format!("reeve-{id}")
}
