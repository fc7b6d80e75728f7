//! A realm's virtual key: made by its first grant, renewed by rotation. Its plaintext never leaves this module but
//! sealed; agents get it through their document.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Entry, Services, Written, lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{KeyId, RealmId},
        reach::Reach,
    },
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        object::Object,
        realm::{KeyState, RealmKey},
    },
    store::{Conn, agents, desired::realm_key_at, keys, realms},
};

/// How every virtual key begins.
const PREFIX: &str = "sk-reeve-";
/// A replaced generation stays valid at most this long for agents that are away.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Most keys replaced for their age in one round.
const AGED_AT_ONCE: i64 = 100;

/// One generation of a virtual key as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    pub id: KeyId,
    /// The agent that it belongs to, where each has its own; null: the realm's agents share it.
    pub agent_did: Option<String>,
    /// Counts up from 1, over all keys of the realm.
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
            agent_did: k.did,
            generation: k.generation,
            fingerprint: k.fingerprint,
            state: k.state,
            created_at: k.created_at,
            retire_after: k.retire_after,
        }
    }
}

/// A generation, and who has it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldKey {
    #[serde(flatten)]
    pub key: KeyView,
    /// Approved agents that were sent a document of this realm last, and say that they run this generation.
    pub agents: i64,
}

/// Generations of a realm's key, newest first.
pub async fn list(s: &Services, reach: &Reach, realm: &str) -> Result<Vec<Synced<HeldKey>>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, realm).await?;
    let views = views(&mut conn, realm.id).await?;
    drop(conn);
    with_sync(s, realm.id, views).await
}

/// What to rotate.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// Only the own key of this agent, where each has its own.
    pub agent: Option<String>,
    /// The generations before are blocked now, and calls fail until the agents have the new ones.
    pub at_once: bool,
}

/// Replaces the realm's key, or the keys of its agents. Those before stay valid until every agent has its new one, at most
/// [`OVERLAP`]. They are forgotten when every proxy was proven to refuse them.
pub async fn rotate(
    s: &Services,
    ctx: &Context,
    realm: &str,
    rotation: Rotation,
) -> Result<Written<Vec<Synced<HeldKey>>>> {
    let mut tx = s.store.begin("rotate").await?;
    let realm = lookup::realm(tx.conn(), &ctx.reach, realm).await?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let before = views(tx.conn(), realm.id).await?;
    let mut replaced = before.clone();
    replaced.retain(|k| k.state != KeyState::Adopted);
    if let Some(did) = &rotation.agent {
        replaced.retain(|k| k.agent_did.as_ref() == Some(did));
    }
    let current: Vec<&KeyView> = replaced.iter().filter(|k| k.state == KeyState::Current).collect();
    if current.is_empty() {
        return Err(Error::conflict("no-key", no_key(rotation.agent.as_deref(), &before)));
    }
    let overlap = if rotation.at_once { TimeDelta::zero() } else { OVERLAP };
    for key in &current {
        make(s, tx.conn(), realm.id, key.agent_did.clone(), overlap).await?;
    }
    let mut closing = Vec::new();
    if rotation.at_once {
        closing = close(s, tx.conn(), &replaced).await?;
    }
    let after = views(tx.conn(), realm.id).await?;
    let made = after.iter().filter(|k| !before.iter().any(|b| b.id == k.id));
    let mut objects: Vec<Object> = made.chain(&replaced).map(|k| Object::key(k.id)).collect();
    objects.append(&mut closing);
    let agent_name = name_of(tx.conn(), rotation.agent.as_deref()).await?;
    let change = Change {
        kind: "rotate",
        realms: vec![realm.id],
        urgent: rotation.at_once,
        summary: serde_json::json!({
            "realm": realm.slug, "agent": rotation.agent, "agentName": agent_name, "keys": current.len(),
            "atOnce": rotation.at_once,
        }),
        objects: objects.clone(),
        ..Change::default()
    };
    let asked: Vec<&KeyView> = after.iter().filter(|k| objects.contains(&Object::key(k.id))).collect();
    let entry = Entry::new(format!("realm/{}", realm.id))
        .before(&replaced)
        .after(&asked)
        .at(Location::created(format!("/api/realms/{}/keys", realm.id)));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = with_sync(s, realm.id, after).await?;
    Ok(Written { view, version: None, revision: Some(revision), objects, created: true })
}

/// Blocks an adopted key, or one that is replaced already, before its time.
pub async fn delete(s: &Services, ctx: &Context, realm: &str, id: KeyId) -> Result<Written<KeyId>> {
    let mut tx = s.store.begin("key.delete").await?;
    let realm = lookup::realm(tx.conn(), &ctx.reach, realm).await?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let keys = views(tx.conn(), realm.id).await?;
    let key = keys.into_iter().find(|k| k.id == id).ok_or_else(|| Error::not_found("key", id))?;
    match key.state {
        KeyState::Current => {
            return Err(Error::conflict(
                "key-in-use",
                "it is the key that agents use; rotate it, and it goes when they have the next one",
            ));
        }
        KeyState::Closing => return Ok(Written::unchanged(id, None, vec![Object::key(id)])),
        KeyState::Retiring | KeyState::Adopted => {}
    }
    let mut objects = close(s, tx.conn(), std::slice::from_ref(&key)).await?;
    objects.push(Object::key(id));
    let change = Change {
        kind: "key.delete",
        realms: vec![realm.id],
        urgent: true,
        summary: serde_json::json!({ "realm": realm.slug, "generation": key.generation }),
        objects: objects.clone(),
        ..Change::default()
    };
    let entry = Entry::new(format!("realm/{}", realm.id)).before(&key);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects, created: false })
}

fn no_key(agent: Option<&str>, keys: &[KeyView]) -> String {
    match agent {
        Some(did) if keys.iter().any(|k| k.agent_did.is_none() && k.state == KeyState::Current) => {
            format!(
                "{did} has no key of its own: the realm's agents share one (keyScope \"realm\"); rotate that"
            )
        }
        Some(did) => format!("{did} has no key of its own in this realm"),
        None => {
            "the realm has no virtual key yet; its first grant makes one, then it can be rotated".to_owned()
        }
    }
}

/// For an agent that may not use the realm any more: its own keys are blocked now, and what it shared with others is replaced.
/// What is to be made true for that. The realm is locked by the caller.
pub(super) async fn cut_off(s: &Services, conn: &mut Conn, realm: RealmId, did: &str) -> Result<Vec<Object>> {
    let before = views(conn, realm).await?;
    let own: Vec<KeyView> = before.iter().filter(|k| k.agent_did.as_deref() == Some(did)).cloned().collect();
    let mut objects = close(s, conn, &own).await?;
    objects.extend(own.iter().map(|k| Object::key(k.id)));
    objects.extend(replace_shared(s, conn, realm, OVERLAP).await?);
    Ok(objects)
}

/// Replaces the key that the realm's agents share, if they share one. What is to be made true for that. The realm is locked by the
/// caller.
pub(super) async fn replace_shared(
    s: &Services,
    conn: &mut Conn,
    realm: RealmId,
    overlap: TimeDelta,
) -> Result<Vec<Object>> {
    let shared = |k: &KeyView| k.agent_did.is_none();
    if !views(conn, realm).await?.iter().any(|k| shared(k) && k.state == KeyState::Current) {
        return Ok(Vec::new());
    }
    make(s, conn, realm, None, overlap).await?;
    Ok(views(conn, realm).await?.into_iter().filter(shared).map(|k| Object::key(k.id)).collect())
}

/// Makes the keys that the realm's scope asks for and that are not there: with its first grant, and for each agent that joins.
/// What is to be made true for that. The realm is locked by the caller.
pub(super) async fn ensure(s: &Services, conn: &mut Conn, realm: RealmId) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for did in keys::missing(conn, realm).await? {
        objects.push(Object::key(make(s, conn, realm, did, OVERLAP).await?));
    }
    if !objects.is_empty() {
        objects.push(Object::team(realm));
    }
    Ok(objects)
}

/// The realm's keys become shared ones, or own ones: those of the other kind go when the agents have theirs.
pub(super) async fn rescope(s: &Services, conn: &mut Conn, realm: RealmId) -> Result<()> {
    ensure(s, conn, realm).await?;
    keys::retire_other_scope(conn, realm, s.store.clock.now() + OVERLAP).await
}

/// Replaces the keys that are older than their realms allow.
pub async fn rotate_aged(s: &Services, ctx: &Context) -> Result<u64> {
    let now = s.store.clock.now();
    let aged = keys::aged(&mut *s.store.conn().await?, now, AGED_AT_ONCE).await?;
    let mut done = 0;
    for (realm, agent) in aged {
        let mut tx = s.store.begin("rotate").await?;
        realms::lock(tx.conn(), realm).await?;
        // Another replica may have been faster.
        if !keys::aged(tx.conn(), now, i64::MAX).await?.contains(&(realm, agent.clone())) {
            continue;
        }
        let made = make(s, tx.conn(), realm, agent.clone(), OVERLAP).await?;
        let keys = views(tx.conn(), realm).await?;
        let same = keys.iter().filter(|k| k.agent_did == agent);
        let slug = realms::get(tx.conn(), realm).await?.map(|r| r.slug);
        let agent_name = name_of(tx.conn(), agent.as_deref()).await?;
        let change = Change {
            kind: "rotate",
            realms: vec![realm],
            summary: serde_json::json!({
                "realm": slug, "agent": agent, "agentName": agent_name, "keys": 1, "atOnce": false,
            }),
            objects: same.clone().map(|k| Object::key(k.id)).collect(),
            ..Change::default()
        };
        let entry =
            Entry::new(format!("realm/{realm}")).after(&same.filter(|k| k.id == made).collect::<Vec<_>>());
        s.finish(tx, ctx, change, entry).await?;
        done += 1;
    }
    Ok(done)
}

/// What the agent is called, for people.
async fn name_of(conn: &mut Conn, did: Option<&str>) -> Result<Option<String>> {
    match did {
        Some(did) => Ok(agents::get(conn, did).await?.map(|agent| agent.name)),
        None => Ok(None),
    }
}

/// Blocks these generations everywhere; what every proxy has to refuse.
pub(super) async fn close(s: &Services, conn: &mut Conn, generations: &[KeyView]) -> Result<Vec<Object>> {
    let ids: Vec<KeyId> = generations.iter().map(|k| k.id).collect();
    keys::close(conn, &ids, s.store.clock.now()).await
}

pub(super) async fn views(conn: &mut Conn, realm: RealmId) -> Result<Vec<KeyView>> {
    Ok(keys::list(conn, Some(realm)).await?.into_iter().map(KeyView::from).collect())
}

/// The generations of these realms.
pub(super) async fn of_realms(conn: &mut Conn, realms: &[Uuid]) -> Result<HashMap<RealmId, Vec<KeyView>>> {
    let mut by_realm: HashMap<RealmId, Vec<KeyView>> = HashMap::new();
    for key in keys::of_realms(conn, realms).await? {
        by_realm.entry(key.realm_id).or_default().push(key.into());
    }
    Ok(by_realm)
}

/// The realm's team and every generation of its keys.
pub(super) async fn objects(conn: &mut Conn, realm: RealmId) -> Result<Vec<Object>> {
    let mut objects = vec![Object::team(realm)];
    objects.extend(keys::ids(conn, realm).await?.into_iter().map(Object::key));
    Ok(objects)
}

/// The same, of keys that were read already.
pub(super) fn objects_of(realm: RealmId, keys: &[KeyView]) -> Vec<Object> {
    std::iter::once(Object::team(realm)).chain(keys.iter().map(|k| Object::key(k.id))).collect()
}

async fn make(
    s: &Services,
    conn: &mut Conn,
    realm: RealmId,
    did: Option<String>,
    overlap: TimeDelta,
) -> Result<KeyId> {
    let now = s.store.clock.now();
    let id = KeyId(s.store.ids.uuid());
    let secret = s.store.ids.secret(PREFIX);
    let key = RealmKey {
        id,
        realm_id: realm,
        did,
        generation: realms::next_generation(conn, realm).await?,
        token: sha256_hex(secret.expose()),
        fingerprint: secret.fingerprint(),
        state: KeyState::Current,
        created_at: now,
        retire_after: None,
    };
    let sealed = s.store.sealer.seal(&realm_key_at(id), key.generation, &secret);
    keys::insert(conn, &key, &sealed, now + overlap).await?;
    Ok(id)
}

async fn with_sync(s: &Services, realm: RealmId, views: Vec<KeyView>) -> Result<Vec<Synced<HeldKey>>> {
    let held = keys::held(&mut *s.store.conn().await?, realm).await?;
    let of = |key: KeyView| HeldKey { agents: held.get(&key.generation).copied().unwrap_or_default(), key };
    let views = views.into_iter().map(of).collect();
    sync::with(s, views, |held| Subject { audit: Vec::new(), objects: vec![Object::key(held.key.id)] }).await
}
