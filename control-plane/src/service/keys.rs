//! A realm's virtual key: made by its first grant, renewed by rotation. Its plaintext never leaves this module but
//! sealed; agents get it through their document.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{KeyId, RealmId},
    },
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        object::Object,
        realm::{KeyState, RealmKey},
    },
    store::{Conn, desired::realm_key_at, keys, realms},
};

/// How every virtual key begins.
const PREFIX: &str = "sk-reeve-";
/// A replaced generation stays valid at most this long for agents that are away.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// One generation of a virtual key as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    pub id: KeyId,
    /// Counts up from 1.
    pub generation: i64,
    /// Such as `...WXYZ`.
    pub fingerprint: String,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
    /// When a retiring generation goes at the latest.
    pub retire_after: Option<DateTime<Utc>>,
}

impl From<RealmKey> for KeyView {
    fn from(k: RealmKey) -> Self {
        Self {
            id: k.id,
            generation: k.generation,
            fingerprint: k.fingerprint,
            state: k.state,
            created_at: k.created_at,
            retire_after: k.retire_after,
        }
    }
}

/// Generations of a realm's key, newest first.
pub async fn list(s: &Services, realm: &str) -> Result<Vec<Synced<KeyView>>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, realm).await?;
    let views = views(&mut conn, realm.id).await?;
    drop(conn);
    with_sync(s, views).await
}

/// Adds a generation. The one before stays valid until every agent has the new one, at most [`OVERLAP`]; with `at_once` it
/// is blocked now, and calls fail until the agents have the new one. It is forgotten when every proxy was proven to refuse it.
pub async fn rotate(
    s: &Services,
    ctx: &Context,
    realm: &str,
    at_once: bool,
) -> Result<Written<Vec<Synced<KeyView>>>> {
    let mut tx = s.store.begin("rotate").await?;
    let realm = lookup::realm(tx.conn(), realm).await?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let before = views(tx.conn(), realm.id).await?;
    let Some(newest) = before.first() else {
        return Err(Error::conflict(
            "no-key",
            "the realm has no virtual key yet; its first grant makes one, then it can be rotated",
        ));
    };
    let overlap = if at_once { TimeDelta::zero() } else { OVERLAP };
    make(s, tx.conn(), realm.id, newest.generation + 1, overlap).await?;
    let mut closing = Vec::new();
    if at_once {
        closing = close(s, tx.conn(), &before).await?;
    }
    let after = views(tx.conn(), realm.id).await?;
    let mut objects: Vec<Object> = after.iter().map(|k| Object::key(k.id)).collect();
    objects.append(&mut closing);
    let change = Change {
        kind: "rotate",
        realms: vec![realm.id],
        urgent: at_once,
        summary: serde_json::json!({ "realm": realm.slug, "generation": newest.generation + 1, "atOnce": at_once }),
        objects: objects.clone(),
        ..Change::default()
    };
    let entry = Entry::new(format!("realm/{}", realm.id))
        .before(&before)
        .after(&after)
        .at(Location::created(format!("/api/realms/{}/keys", realm.id)));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = with_sync(s, after).await?;
    Ok(Written { view, version: None, revision: Some(revision), objects, created: true })
}

/// Replaces the key of a realm for somebody who knew it and may not use it any more; what is to be made true for that. The
/// realm is locked by the caller.
pub(super) async fn replace(s: &Services, conn: &mut Conn, realm: RealmId) -> Result<Vec<Object>> {
    let Some(newest) = keys::list(conn, Some(realm)).await?.into_iter().next() else {
        return Ok(Vec::new());
    };
    make(s, conn, realm, newest.generation + 1, OVERLAP).await?;
    Ok(keys::list(conn, Some(realm)).await?.into_iter().map(|k| Object::key(k.id)).collect())
}

/// Blocks these generations everywhere; what every proxy has to refuse.
pub(super) async fn close(s: &Services, conn: &mut Conn, generations: &[KeyView]) -> Result<Vec<Object>> {
    let ids: Vec<KeyId> = generations.iter().map(|k| k.id).collect();
    keys::close(conn, &ids, s.store.clock.now()).await
}

/// The realm's newest generation, made now if it has none yet. The realm is locked by the caller.
pub(super) async fn ensure(s: &Services, conn: &mut Conn, realm: RealmId) -> Result<()> {
    if keys::list(conn, Some(realm)).await?.is_empty() {
        make(s, conn, realm, 1, OVERLAP).await?;
    }
    Ok(())
}

pub(super) async fn views(conn: &mut Conn, realm: RealmId) -> Result<Vec<KeyView>> {
    Ok(keys::list(conn, Some(realm)).await?.into_iter().map(KeyView::from).collect())
}

/// The generations of every realm.
pub(super) async fn of_all(conn: &mut Conn) -> Result<HashMap<RealmId, Vec<KeyView>>> {
    let mut by_realm: HashMap<RealmId, Vec<KeyView>> = HashMap::new();
    for key in keys::list(conn, None).await? {
        by_realm.entry(key.realm_id).or_default().push(key.into());
    }
    Ok(by_realm)
}

/// The realm's team and every generation of its key.
pub(super) fn objects(realm: RealmId, keys: &[KeyView]) -> Vec<Object> {
    let mut objects = vec![Object::team(realm)];
    objects.extend(keys.iter().map(|k| Object::key(k.id)));
    objects
}

async fn make(
    s: &Services,
    conn: &mut Conn,
    realm: RealmId,
    generation: i64,
    overlap: TimeDelta,
) -> Result<()> {
    let now = s.store.clock.now();
    let id = KeyId(s.store.ids.uuid());
    let secret = s.store.ids.secret(PREFIX);
    let key = RealmKey {
        id,
        realm_id: realm,
        generation,
        token: sha256_hex(secret.expose()),
        fingerprint: secret.fingerprint(),
        state: KeyState::Current,
        created_at: now,
        retire_after: None,
    };
    let sealed = s.store.sealer.seal(&realm_key_at(id), generation, &secret);
    keys::insert(conn, &key, &sealed, now + overlap).await
}

async fn with_sync(s: &Services, views: Vec<KeyView>) -> Result<Vec<Synced<KeyView>>> {
    let subjects: Vec<Subject> =
        views.iter().map(|k| Subject { audit: Vec::new(), objects: vec![Object::key(k.id)] }).collect();
    let syncs = sync::read(s, &subjects).await?;
    Ok(views.into_iter().zip(syncs).map(|(view, sync)| Synced { view, sync }).collect())
}
