//! What Reeve keeps on a proxy: deployments, teams and keys.

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
}

impl ObjectKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Team => "team",
            Self::Key => "key",
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
