//! Named provider credentials. Their keys are sealed and never shown again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, check_secret, check_version, lookup, refused,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        context::Context,
        ids::CredentialId,
        page::{Page, PageRequest},
        reach::Reach,
        secret::Secret,
    },
    domain::{
        change::{Change, Location},
        credential::Credential,
        error::{Error, Result},
        model::Model,
        object::Object,
        provider::Provider,
        slug,
    },
    store::{Conn, credentials, deployments, desired::credential_at, is_unique_violation},
};

/// A credential as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialView {
    pub id: CredentialId,
    pub name: String,
    pub provider: String,
    /// What may be shown of its key, such as `...WXYZ`.
    pub fingerprint: String,
    /// Raised when the key changes.
    pub generation: i64,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Credential> for CredentialView {
    fn from(c: Credential) -> Self {
        Self {
            id: c.id,
            name: c.name.unwrap_or_default(),
            provider: c.provider,
            fingerprint: c.fingerprint,
            generation: c.generation,
            version: c.version,
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}

pub async fn create(
    s: &Services,
    ctx: &Context,
    name: &str,
    provider: &str,
    api_key: &Secret,
) -> Result<Written<CredentialView>> {
    slug::check_name("name", name)?;
    if uuid::Uuid::try_parse(name.trim()).is_ok() {
        return Err(Error::invalid("name", "must not look like an id; choose a readable name"));
    }
    let provider = Provider::parse(provider).map_err(|error| refused(&error))?;
    check_secret("apiKey", api_key)?;
    let now = s.store.clock.now();
    let id = CredentialId(s.store.ids.uuid());
    let credential = Credential {
        id,
        name: Some(name.trim().to_owned()),
        provider: provider.name().to_owned(),
        fingerprint: api_key.fingerprint(),
        generation: 1,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let sealed = s.store.sealer.seal(&credential_at(id), 1, api_key);
    let mut tx = s.store.begin("credential.create").await?;
    match credentials::insert(tx.conn(), &credential, &sealed).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "name-taken",
                format!("there is a credential {:?} already; choose another name", name.trim()),
            ));
        }
        other => other?,
    }
    let view = CredentialView::from(credential);
    let change = Change { kind: "credential.create", summary: summary(&view), ..Change::default() };
    let entry = Entry::new(format!("credential/{id}"))
        .after(&view)
        .at(Location::created(format!("/api/credentials/{id}")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { version: Some(1), view, revision: Some(revision), objects: Vec::new(), created: true })
}

pub async fn get(s: &Services, name: &str) -> Result<Synced<CredentialView>> {
    let mut conn = s.store.conn().await?;
    let view = CredentialView::from(lookup::credential(&mut conn, name).await?);
    let objects = users(&mut conn, view.id).await?;
    drop(conn);
    let sync = sync::read_one(s, Subject { audit: vec![format!("credential/{}", view.id)], objects }).await?;
    Ok(Synced { view, sync })
}

/// By name.
pub async fn list(s: &Services, page: &PageRequest) -> Result<Page<CredentialView>> {
    let rows = credentials::list(&mut *s.store.conn().await?, page).await?;
    Ok(Page::cut(rows, page, |c| c.name.clone().unwrap_or_default()).map(CredentialView::from))
}

/// Where a new key was tried out before anything got it.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    pub model: String,
    pub proxies: Vec<String>,
}

/// The credential and the model that its new key is to be tried out on, if it could be replaced otherwise.
pub async fn canary(
    s: &Services,
    reach: &Reach,
    name: &str,
    expected: Option<i64>,
    api_key: &Secret,
    model: &str,
) -> Result<(CredentialId, Model)> {
    check_secret("apiKey", api_key)?;
    let mut conn = s.store.conn().await?;
    let credential = lookup::credential(&mut conn, name).await?;
    check_version(expected, credential.version)?;
    let model = lookup::in_field("canaryModel", lookup::model(&mut conn, reach, model).await)?;
    Ok((credential.id, model))
}

/// Replaces the key: every deployment that calls with it is brought in line.
pub async fn update(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
    api_key: &Secret,
    tried: Option<Tried>,
) -> Result<Written<CredentialView>> {
    check_secret("apiKey", api_key)?;
    let now = s.store.clock.now();
    let mut tx = s.store.begin("credential.update").await?;
    let old = lock(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    let (id, generation) = (old.id, old.generation + 1);
    let sealed = s.store.sealer.seal(&credential_at(id), generation, api_key);
    let replaced =
        credentials::replace_key(tx.conn(), id, generation, &sealed, &api_key.fingerprint(), now).await?;
    if !replaced {
        return Err(Error::not_found("credential", name));
    }
    let before = CredentialView::from(old);
    let after = CredentialView::from(lookup::credential(tx.conn(), &id.to_string()).await?);
    let objects = users(tx.conn(), id).await?;
    let change = Change {
        kind: "credential.update",
        summary: serde_json::json!({ "credential": after.name, "generation": after.generation, "tried": tried }),
        objects: objects.clone(),
        ..Change::default()
    };
    let entry = Entry::new(format!("credential/{id}")).before(&before).after(&after);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written {
        version: Some(after.version),
        view: after,
        revision: Some(revision),
        objects,
        created: false,
    })
}

pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<CredentialId>> {
    let mut tx = s.store.begin("credential.delete").await?;
    let old = lock(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    let id = old.id;
    let models = credentials::used_by(tx.conn(), id).await?;
    if !models.is_empty() {
        return Err(Error::conflict(
            "in-use",
            format!("it is used by {}; give them another credential first", models.join(", ")),
        ));
    }
    let before = CredentialView::from(old);
    credentials::delete(tx.conn(), id).await?;
    let change = Change { kind: "credential.delete", summary: summary(&before), ..Change::default() };
    let entry = Entry::new(format!("credential/{id}")).before(&before);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects: Vec::new(), created: false })
}

async fn lock(conn: &mut Conn, name: &str) -> Result<Credential> {
    let found = lookup::credential(conn, name).await?;
    credentials::lock(conn, found.id).await?;
    lookup::credential(conn, &found.id.to_string()).await
}

/// The deployments that call with it.
async fn users(conn: &mut Conn, id: CredentialId) -> Result<Vec<Object>> {
    let rows = deployments::list(conn, None, None, Some(id)).await?;
    Ok(rows.into_iter().map(|d| Object::deployment(d.id)).collect())
}

fn summary(view: &CredentialView) -> serde_json::Value {
    serde_json::json!({ "credential": view.name, "generation": view.generation })
}
