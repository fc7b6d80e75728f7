//! How a proxy differs from the registry.

use uuid::Uuid;

use super::{foreign::Foreign, object::ObjectKind};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, serde::Serialize, utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum DriftClass {
    /// Ours, and not there any more. It is made again.
    Missing,
    /// Ours, and not as we made it. It is put right.
    Changed,
    /// It says that it is ours, and the registry does not know it. It is removed.
    Extra,
    /// A copy of something of ours under another name. It is removed.
    Duplicate,
    /// Not ours. It is never touched, unless an admin has it taken over.
    Foreign,
    /// Of the proxy's configuration file, under the name of a model of ours: calls may go to either.
    Shadowed,
    /// Made a moment ago; the proxy's instances have not all followed.
    NotLive,
}

impl DriftClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Extra => "extra",
            Self::Duplicate => "duplicate",
            Self::Foreign => "foreign",
            Self::Shadowed => "shadowed",
            Self::NotLive => "not-live",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    pub kind: ObjectKind,
    /// Its name on the proxy: `model_info.id`, `team_id`, or the key's SHA-256.
    pub external_id: String,
    pub class: DriftClass,
    /// What people call it there; empty when it has no such name.
    pub name: String,
    pub object_id: Option<Uuid>,
    /// What was changed, when that can be told.
    pub fields: Vec<String>,
    /// What it is, when it is foreign and no other installation manages it.
    pub found: Option<Foreign>,
}
