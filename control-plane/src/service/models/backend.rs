//! One backend as an admin types it: checked against what its provider needs, its key sealed. Used for a model's first
//! deployment and for every further one.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    base::{
        ids::{CredentialId, DeploymentId, ModelId},
        secret::Secret,
    },
    domain::{
        credential::Credential,
        error::{Error, Result},
        litellm_params,
        model::Deployment,
        provider::Provider,
        url_policy::Purpose,
    },
    service::{Services, check_range, check_secret, lookup, refused},
    store::{Conn, credentials, deployments, desired::credential_at},
};

/// Bounds of `order` and `weight`.
const ROUTING: (i32, i32) = (1, 1000);

/// A backend to be made.
#[derive(Clone, Debug)]
pub struct NewBackend {
    pub provider: Provider,
    pub model_id: String,
    pub base_url: Option<String>,
    pub key: Key,
    pub order: Option<i32>,
    pub weight: Option<i32>,
    pub litellm_params: Map<String, Value>,
}

/// What a deployment calls its provider with.
#[derive(Clone, Debug, Default)]
pub enum Key {
    #[default]
    None,
    /// Typed in: belongs to this deployment alone.
    Typed(Secret),
    /// A credential's id or name.
    Stored(String),
}

impl Key {
    /// From the two fields of a body, of which at most one may be given.
    pub fn from_fields(api_key: Option<Secret>, credential_id: Option<String>) -> Result<Self> {
        match (api_key, credential_id) {
            (Some(_), Some(_)) => {
                Err(Error::invalid("credentialId", "given together with apiKey; give one of the two"))
            }
            (Some(secret), None) => {
                check_secret("apiKey", &secret)?;
                Ok(Self::Typed(secret))
            }
            (None, Some(id)) => Ok(Self::Stored(id)),
            (None, None) => Ok(Self::None),
        }
    }
}

/// An edit; what is `None` stays. The inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct BackendPatch {
    pub model_id: Option<String>,
    pub base_url: Option<Option<String>>,
    /// `Some(Key::None)` takes the key away.
    pub key: Option<Key>,
    pub order: Option<Option<i32>>,
    pub weight: Option<Option<i32>>,
    pub litellm_params: Option<Map<String, Value>>,
}

impl BackendPatch {
    pub fn is_empty(&self) -> bool {
        self.model_id.is_none()
            && self.base_url.is_none()
            && self.key.is_none()
            && self.order.is_none()
            && self.weight.is_none()
            && self.litellm_params.is_none()
    }
}

/// A new deployment that was checked, and what it calls with: the secret, and the credential that holds it, if one does.
pub(super) type Checked = (Deployment, Option<(Option<CredentialId>, Secret)>);

/// Checks a new deployment against what its provider needs.
pub(super) async fn checked(
    s: &Services,
    conn: &mut Conn,
    model: ModelId,
    new: &NewBackend,
    now: DateTime<Utc>,
) -> Result<Checked> {
    let deployment = Deployment {
        id: DeploymentId(s.store.ids.uuid()),
        model_id: model,
        provider: new.provider.name().to_owned(),
        upstream_model_id: new.model_id.trim().to_owned(),
        base_url: normal_url(s, new.base_url.as_deref())?,
        credential_id: None,
        routing_order: new.order,
        weight: new.weight,
        litellm_params: new.litellm_params.clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let secret = secret_of(s, conn, new.provider, &new.key).await?;
    check(&deployment, new.provider, secret.as_ref().map(|(_, secret)| secret))?;
    Ok((deployment, secret))
}

/// Checks and writes a new deployment, with its key.
pub async fn insert(
    s: &Services,
    conn: &mut Conn,
    model: ModelId,
    new: NewBackend,
    now: DateTime<Utc>,
) -> Result<DeploymentId> {
    let (mut deployment, secret) = checked(s, conn, model, &new, now).await?;
    deployment.credential_id = match (new.key, secret) {
        (Key::Typed(key), _) => Some(insert_typed(s, conn, new.provider, &key, now).await?),
        (_, Some((id, _))) => id,
        (_, None) => None,
    };
    deployments::insert(conn, &deployment).await?;
    Ok(deployment.id)
}

/// Writes an edit; `false` when it changes nothing.
pub async fn update(
    s: &Services,
    conn: &mut Conn,
    old: &Deployment,
    patch: BackendPatch,
    now: DateTime<Utc>,
) -> Result<bool> {
    let provider = Provider::parse(&old.provider).map_err(Error::internal)?;
    let mut new = old.clone();
    if let Some(model_id) = patch.model_id {
        model_id.trim().clone_into(&mut new.upstream_model_id);
    }
    if let Some(url) = patch.base_url {
        new.base_url = normal_url(s, url.as_deref())?;
    }
    if let Some(order) = patch.order {
        new.routing_order = order;
    }
    if let Some(weight) = patch.weight {
        new.weight = weight;
    }
    if let Some(params) = patch.litellm_params {
        new.litellm_params = params;
    }
    let typed = matches!(patch.key, Some(Key::Typed(_)));
    let key =
        patch.key.unwrap_or_else(|| old.credential_id.map_or(Key::None, |id| Key::Stored(id.0.to_string())));
    let secret = secret_of(s, conn, provider, &key).await?;
    check(&new, provider, secret.as_ref().map(|(_, secret)| secret))?;
    new.credential_id = match (key, secret) {
        (Key::Typed(key), _) => Some(insert_typed(s, conn, provider, &key, now).await?),
        (_, Some((id, _))) => id,
        (_, None) => None,
    };
    if new == *old && !typed {
        return Ok(false);
    }
    deployments::update(conn, &new, now).await?;
    // A typed key that this deployment no longer calls with.
    credentials::delete_orphans(conn).await?;
    Ok(true)
}

fn normal_url(s: &Services, url: Option<&str>) -> Result<Option<String>> {
    url.map(|url| {
        s.url_policy
            .check(Purpose::ModelBackend, url)
            .map_err(|refused| Error::invalid("baseUrl", refused.to_string()))
    })
    .transpose()
}

fn check(d: &Deployment, provider: Provider, secret: Option<&Secret>) -> Result<()> {
    check_range("order", d.routing_order, ROUTING.0, ROUTING.1)?;
    check_range("weight", d.weight, ROUTING.0, ROUTING.1)?;
    let url = d.base_url.as_deref();
    litellm_params::render(provider, &d.upstream_model_id, url, secret, &d.litellm_params)
        .map_err(|error| refused(&error))?;
    Ok(())
}

/// The plaintext that the provider's rules are checked with, and the credential it is stored in, if it is.
async fn secret_of(
    s: &Services,
    conn: &mut Conn,
    provider: Provider,
    key: &Key,
) -> Result<Option<(Option<CredentialId>, Secret)>> {
    let name = match key {
        Key::None => return Ok(None),
        Key::Typed(secret) => return Ok(Some((None, secret.clone()))),
        Key::Stored(name) => name,
    };
    let credential = match uuid::Uuid::try_parse(name) {
        // The deployment's own typed key has no name, and is found by its id.
        Ok(id) => credentials::get(conn, CredentialId(id)).await?,
        Err(_) => credentials::by_name(conn, name).await?,
    };
    let credential =
        lookup::in_field("credentialId", credential.ok_or_else(|| Error::not_found("credential", name)))?;
    if credential.provider != provider.name() {
        return Err(Error::invalid(
            "credentialId",
            format!(
                "names a credential for {}, but the provider is {}; choose one for that",
                credential.provider,
                provider.name()
            ),
        ));
    }
    let sealed = credentials::sealed_key(conn, credential.id)
        .await?
        .ok_or_else(|| Error::invalid("credentialId", "was removed meanwhile; choose another one"))?;
    let secret = s
        .store
        .sealer
        .open(&credential_at(credential.id), credential.generation, &sealed)
        .map_err(Error::internal)?;
    Ok(Some((Some(credential.id), secret)))
}

async fn insert_typed(
    s: &Services,
    conn: &mut Conn,
    provider: Provider,
    key: &Secret,
    now: DateTime<Utc>,
) -> Result<CredentialId> {
    let id = CredentialId(s.store.ids.uuid());
    let credential = Credential {
        id,
        name: None,
        provider: provider.name().to_owned(),
        fingerprint: key.fingerprint(),
        generation: 1,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let sealed = s.store.sealer.seal(&credential_at(id), 1, key);
    credentials::insert(conn, &credential, &sealed).await?;
    Ok(id)
}
