//! Taking over a virtual key: it becomes a key of a realm, beside the one that the realm's agents have.

use chrono::{DateTime, Utc};

use super::{found, refused, serving, take_over};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{KeyId, RealmId},
        secret::Secret,
    },
    domain::{
        access::INFERENCE_ROUTES,
        change::{Change, Location},
        error::{Error, Result},
        foreign::{Foreign, ForeignKey},
        object::{Object, ObjectKind},
        realm::{KeyState, Realm, RealmKey},
    },
    service::{Entry, Services, Written, check_secret, keys::KeyView, lookup},
    store::{Conn, desired, keys, realms},
};

/// A key to be taken over.
#[derive(Clone, Debug)]
pub struct NewAdoptedKey {
    /// Its plaintext, which only its holder has: without it, no proxy could be asked whether it is refused, and a proxy that lost it
    /// could not be given it again.
    pub key: Secret,
    /// Id or slug.
    pub realm: String,
    /// Whoever holds it may lose what it could do so far.
    pub accept_changes: bool,
}

pub async fn key(s: &Services, ctx: &Context, proxy: &str, new: NewAdoptedKey) -> Result<Written<KeyView>> {
    check_secret("key", &new.key)?;
    let now = s.store.clock.now();
    let token = sha256_hex(new.key.expose());
    let mut tx = s.store.begin("proxy.adopt").await?;
    let realm = lookup::in_field("realmId", lookup::realm(tx.conn(), &ctx.reach, &new.realm).await)?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let realm = lookup::realm(tx.conn(), &ctx.reach, &realm.id.to_string()).await?;
    // From here on the proxy's state and what is on it stay as they are read.
    tx.lock_head().await?;
    let there = serving(tx.conn(), proxy).await?;
    let (alias, Foreign::Key(foreign)) = found(tx.conn(), &there, ObjectKind::Key, &token).await? else {
        return Err(refused("it is no key"));
    };
    if let Some(why) = foreign.refusal() {
        return Err(refused(&why));
    }
    if !realms::is_served(tx.conn(), realm.id, there.id).await? {
        return Err(refused(&format!(
            "realm {} is not served by proxy {}, so the key would be taken off it: see the realm's placement",
            realm.slug, there.name
        )));
    }
    let granted = desired::granted(tx.conn(), realm.id, now).await?;
    accepted(&foreign, &realm, &granted, new.accept_changes)?;
    let known = keys::by_token(tx.conn(), &token).await?;
    let key = match known {
        // Somebody gave two proxies the same key, and this is the second of them.
        Some(key) if key.realm_id == realm.id && key.state == KeyState::Adopted => key,
        Some(_) => return Err(refused("it is a key of a realm already")),
        None => add(s, tx.conn(), realm.id, &new.key, foreign.expires).await?,
    };
    let id = key.id;
    take_over(s, tx.conn(), there.id, Object::key(id), &token, Vec::new()).await?;
    let view = KeyView::from(key);
    let objects = vec![Object::team(realm.id), Object::key(id)];
    let change = Change {
        kind: "proxy.adopt",
        summary: serde_json::json!({ "proxy": there.name, "realm": realm.slug, "alias": alias }),
        objects: objects.clone(),
        ..Change::default()
    };
    let entry = Entry::new(format!("realm/{}", realm.id)).after(&view).at(location(realm.id));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view, version: None, revision: Some(revision), objects, created: true })
}

async fn add(
    s: &Services,
    conn: &mut Conn,
    realm: RealmId,
    secret: &Secret,
    expires: Option<DateTime<Utc>>,
) -> Result<RealmKey> {
    let id = KeyId(s.store.ids.uuid());
    let key = RealmKey {
        id,
        realm_id: realm,
        did: None,
        generation: realms::next_generation(conn, realm).await?,
        token: sha256_hex(secret.expose()),
        fingerprint: secret.fingerprint(),
        state: KeyState::Adopted,
        created_at: s.store.clock.now(),
        // It ends when it would have ended.
        retire_after: expires.map(|at| at - desired::DEAD_MAN),
    };
    let sealed = s.store.sealer.seal(&desired::realm_key_at(id), key.generation, secret);
    keys::add(conn, &key, &sealed).await?;
    Ok(key)
}

fn accepted(foreign: &ForeignKey, realm: &Realm, granted: &[String], accept: bool) -> Result<()> {
    let changes = foreign.changes(granted, realm.monthly_budget_usd, INFERENCE_ROUTES);
    if accept || changes.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        "adoption-changes",
        format!(
            "in realm {} this changes for whoever holds it: {}; grant what is missing, or say acceptChanges (--accept-changes)",
            realm.slug,
            changes.join("; ")
        ),
    ))
}

fn location(realm: RealmId) -> Location {
    Location::created(format!("/api/realms/{realm}/keys"))
}
