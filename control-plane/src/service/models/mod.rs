//! Models of the registry: what is shown of one, and reading them. Writing is in the files beside this one.

pub mod backend;
pub mod create;
pub mod delete;
pub mod trial;
pub mod update;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    create::{NewModel, create},
    delete::delete,
    update::{ModelPatch, update},
};
use super::{
    Services,
    freezes::{self, Frozen},
    keys, lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        ids::{CredentialId, DeploymentId, ModelId, RealmId},
        page::{Order, OrderedRequest, Page, in_order},
        reach::Reach,
    },
    domain::{
        error::{Error, Result},
        freeze::FreezeKind,
        model::{Deployment, Model, ModelStatus},
        object::Object,
        provider::Provider,
    },
    store::{Conn, credentials, deployments, models},
};

/// A model as it may be shown. Its provider keys are not in it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    pub id: ModelId,
    pub name: String,
    pub provider: String,
    /// The first deployment's name for it at the provider.
    pub model_id: String,
    /// The first deployment's address, where the provider's own is not meant.
    pub base_url: Option<String>,
    /// What callers say as `model`: `{provider}/{slug(name)}`, or the name that a model which was taken over from a proxy had there.
    /// Unique and immutable.
    pub litellm_model_name: String,
    pub description: String,
    pub status: ModelStatus,
    /// Told to agents, not enforced.
    pub max_tokens: Option<i32>,
    /// On every proxy; else only where a realm with a grant on it is served.
    pub everywhere: bool,
    /// Set while an admin has stopped it.
    pub frozen: Option<Frozen>,
    pub deployments: Vec<DeploymentView>,
    /// How many realms may use it, of those that the caller may see.
    pub grants: i64,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One backend of a model.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentView {
    pub id: DeploymentId,
    pub provider: String,
    /// The provider's own name for the model.
    pub model_id: String,
    pub base_url: Option<String>,
    /// The named credential it calls with; null when its key was typed in, or it has none.
    pub credential_id: Option<CredentialId>,
    pub api_key_set: bool,
    /// Such as `...WXYZ`.
    pub api_key_fingerprint: Option<String>,
    /// LiteLLM's `order`: lower is tried first.
    pub order: Option<i32>,
    /// Share of the calls among deployments of the same order.
    pub weight: Option<i32>,
    #[schema(value_type = Object)]
    pub litellm_params: Map<String, Value>,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How models are ordered; equal ones by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum ModelSort {
    #[default]
    #[serde(rename = "litellmModelName")]
    LitellmModelName,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "created")]
    Created,
    #[serde(rename = "-created")]
    CreatedDown,
}

impl ModelSort {
    pub fn order(self) -> Order {
        match self {
            Self::LitellmModelName => Order::up("litellmModelName"),
            Self::Name => Order::up("name"),
            Self::NameDown => Order::down("name"),
            Self::Created => Order::up("created"),
            Self::CreatedDown => Order::down("created"),
        }
    }
}

/// Which models to list; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub status: Option<ModelStatus>,
    pub provider: Option<Provider>,
    /// Part of the name, case-insensitive.
    pub search: Option<String>,
    /// Whether every deployment is as wanted on every proxy.
    pub applied: Option<bool>,
}

pub async fn get(s: &Services, reach: &Reach, name: &str) -> Result<Synced<ModelView>> {
    let mut conn = s.store.conn().await?;
    let model = lookup::model(&mut conn, reach, name).await?;
    let view = view(&mut conn, reach, model).await?;
    drop(conn);
    Ok(Synced { sync: sync::read_one(s, subject(&view)).await?, view })
}

/// In the order asked for.
pub async fn list(
    s: &Services,
    reach: &Reach,
    wanted: &Wanted,
    page: &OrderedRequest,
) -> Result<Page<Synced<ModelView>>> {
    let mut conn = s.store.conn().await?;
    let granted_to = reach.models.filter();
    let filter = models::Filter {
        granted_to: granted_to.as_deref(),
        status: wanted.status,
        provider: wanted.provider.map(Provider::name),
        search: wanted.search.as_deref(),
        applied: wanted.applied,
        page,
    };
    let found = page.cut(models::find(&mut conn, &filter).await?);
    let ids: Vec<Uuid> = found.items.iter().filter_map(|id| id.parse().ok()).collect();
    let rows = models::list(&mut conn, models::Named { ids: Some(&ids), ..models::Named::default() }).await?;
    let views = views(&mut conn, reach, in_order(&ids, rows, |m| m.id.0)).await?;
    drop(conn);
    Ok(Page { items: sync::with(s, views, subject).await?, next_cursor: found.next_cursor })
}

/// The view of one model with its deployments.
pub(in crate::service) async fn view(conn: &mut Conn, reach: &Reach, model: Model) -> Result<ModelView> {
    let id = model.id;
    views(conn, reach, vec![model]).await?.pop().ok_or_else(|| Error::not_found("model", id))
}

async fn views(conn: &mut Conn, reach: &Reach, found: Vec<Model>) -> Result<Vec<ModelView>> {
    let ids: Vec<ModelId> = found.iter().map(|m| m.id).collect();
    let mut frozen = freezes::of_kind(conn, FreezeKind::Model).await?;
    let mut by_model: HashMap<ModelId, Vec<DeploymentView>> = HashMap::new();
    let rows = deployments::list(conn, Some(&ids), None, None).await?;
    let named: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let among = reach.sees.filter();
    let grants = models::grant_counts(conn, &named, among.as_deref()).await?;
    let grants: HashMap<ModelId, i64> = grants.into_iter().collect();
    let owners: Vec<ModelId> = rows.iter().map(|d| d.model_id).collect();
    for (owner, view) in owners.into_iter().zip(deployment_views(conn, rows).await?) {
        by_model.entry(owner).or_default().push(view);
    }
    Ok(found
        .into_iter()
        .map(|m| {
            let deployments = by_model.remove(&m.id).unwrap_or_default();
            ModelView {
                model_id: deployments.first().map(|d| d.model_id.clone()).unwrap_or_default(),
                base_url: deployments.first().and_then(|d| d.base_url.clone()),
                id: m.id,
                name: m.name,
                provider: m.provider,
                litellm_model_name: m.litellm_model_name,
                description: m.description,
                status: m.status,
                max_tokens: m.max_tokens,
                everywhere: m.everywhere,
                frozen: frozen.remove(&m.id.to_string()),
                deployments,
                grants: grants.get(&m.id).copied().unwrap_or_default(),
                version: m.version,
                created_at: m.created_at,
                updated_at: m.updated_at,
            }
        })
        .collect())
}

/// Views of deployments, in the order given.
pub(super) async fn deployment_views(conn: &mut Conn, rows: Vec<Deployment>) -> Result<Vec<DeploymentView>> {
    let ids: Vec<uuid::Uuid> = rows.iter().filter_map(|d| d.credential_id.map(|c| c.0)).collect();
    let shown = credentials::fingerprints(conn, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|d| {
            let key = d.credential_id.and_then(|id| shown.get(&id));
            DeploymentView {
                id: d.id,
                provider: d.provider,
                model_id: d.upstream_model_id,
                base_url: d.base_url,
                credential_id: d.credential_id.filter(|_| key.is_some_and(|(_, named)| *named)),
                api_key_set: key.is_some(),
                api_key_fingerprint: key.map(|(fingerprint, _)| fingerprint.clone()),
                order: d.routing_order,
                weight: d.weight,
                litellm_params: d.litellm_params,
                version: d.version,
                created_at: d.created_at,
                updated_at: d.updated_at,
            }
        })
        .collect())
}

fn subject(view: &ModelView) -> Subject {
    let mut audit = vec![format!("model/{}", view.id)];
    audit.extend(view.deployments.iter().map(|d| format!("deployment/{}", d.id)));
    Subject { audit, objects: objects(view) }
}

fn objects(view: &ModelView) -> Vec<Object> {
    view.deployments.iter().map(|d| Object::deployment(d.id)).collect()
}

/// Teams and keys that list a model of these realms.
pub(super) async fn rights(conn: &mut Conn, realms: &[RealmId]) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for realm in realms {
        objects.extend(keys::objects(conn, *realm).await?);
    }
    Ok(objects)
}
