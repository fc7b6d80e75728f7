//! Models of the registry and their deployments.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::base::ids::{CredentialId, DeploymentId, ModelId};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ModelStatus {
    Active,
    /// Kept, but on no proxy and usable by nobody.
    Inactive,
}

impl ModelStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// A registry entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub id: ModelId,
    pub name: String,
    pub provider: String,
    /// What callers say: `{provider}/{slug(name)}`, or what it was called on the proxy that it was taken over from. Unique and immutable.
    pub litellm_model_name: String,
    pub description: String,
    pub status: ModelStatus,
    /// Told to agents, not enforced.
    pub max_tokens: Option<i32>,
    /// On every proxy; else where a realm with a grant on it is served.
    pub everywhere: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One backend of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    pub id: DeploymentId,
    pub model_id: ModelId,
    pub provider: String,
    /// The provider's own name for the model.
    pub upstream_model_id: String,
    pub base_url: Option<String>,
    pub credential_id: Option<CredentialId>,
    /// LiteLLM `order`: lower first.
    pub routing_order: Option<i32>,
    pub weight: Option<i32>,
    /// Further, non-secret `litellm_params`.
    pub litellm_params: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
