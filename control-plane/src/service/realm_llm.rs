//! What an agent may use, realm by realm: what a chooser shows.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Services, lookup};
use crate::{
    base::{
        ids::{ModelId, RealmId},
        reach::Reach,
    },
    domain::error::{Error, Result},
};

/// What the fleet offers one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealmLlmView {
    /// There is a proxy.
    pub litellm_configured: bool,
    /// Public URL of the first proxy by name.
    pub litellm_base_url: Option<String>,
    /// The agent's realms, the primary one first.
    pub realms: Vec<RealmOffer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealmOffer {
    pub realm_id: RealmId,
    pub realm_name: String,
    pub is_primary: bool,
    pub has_virtual_key: bool,
    pub models: Vec<ModelOffer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOffer {
    pub id: ModelId,
    pub name: String,
    pub provider: String,
    pub model_id: String,
    pub litellm_model_name: String,
}

pub async fn get(s: &Services, reach: &Reach, did: &str) -> Result<RealmLlmView> {
    lookup::whole_agent(&mut *s.store.conn().await?, reach, did).await?;
    let inputs = s.store.document_inputs(&[did.to_owned()]).await?;
    let input = inputs.agents.first().ok_or_else(|| Error::not_found("agent", did))?;
    let realms = input
        .realms
        .iter()
        .filter_map(|id| inputs.realms.get(id))
        .map(|realm| RealmOffer {
            realm_id: realm.id,
            realm_name: realm.name.clone(),
            is_primary: input.primary == Some(realm.id),
            has_virtual_key: !realm.keys.is_empty(),
            models: realm
                .grants
                .iter()
                .map(|g| ModelOffer {
                    id: g.model_id,
                    name: g.name.clone(),
                    provider: g.provider.clone(),
                    model_id: g.upstream_model_id.clone().unwrap_or_default(),
                    litellm_model_name: g.litellm_model_name.clone(),
                })
                .collect(),
        })
        .collect();
    Ok(RealmLlmView {
        litellm_configured: !inputs.proxies.is_empty(),
        litellm_base_url: inputs.proxies.first().map(|p| p.public_url.clone()),
        realms,
    })
}
