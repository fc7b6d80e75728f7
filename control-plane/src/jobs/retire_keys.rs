//! Ends replaced key generations: blocked once the agents have the next one or their time is up, forgotten once every proxy
//! was proven to refuse them.

use serde_json::{Value, json};

use crate::{
    base::context::Context,
    domain::{
        change::{AuditEntry, Change},
        error::Result,
        object::Object,
        realm::RealmKey,
    },
    service::Services,
    store::{Tx, keys, realms},
};

pub async fn run_once(services: &Services) -> Result<u64> {
    let now = services.store.clock.now();
    let mut conn = services.store.conn().await?;
    let retirable = keys::retirable(&mut conn, now).await?;
    let refused = keys::refused(&mut conn).await?;
    drop(conn);
    let mut done = 0;
    for key in retirable {
        let mut tx = services.store.begin("key.close").await?;
        let mut objects = keys::close(tx.conn(), &[key.id], now).await?;
        if objects.is_empty() {
            continue;
        }
        objects.push(Object::key(key.id));
        let change = Change { kind: "key.close", urgent: true, objects, ..Change::default() };
        finish(services, tx, &key, change, Some(view(&key))).await?;
        done += 1;
    }
    for key in refused {
        let mut tx = services.store.begin("key.retire").await?;
        if !keys::delete(tx.conn(), key.id).await? {
            continue;
        }
        let change = Change { kind: "key.retire", objects: vec![Object::key(key.id)], ..Change::default() };
        finish(services, tx, &key, change, None).await?;
        done += 1;
    }
    Ok(done)
}

fn view(key: &RealmKey) -> Value {
    json!({ "realmId": key.realm_id, "generation": key.generation, "fingerprint": key.fingerprint })
}

async fn finish(
    services: &Services,
    mut tx: Tx,
    key: &RealmKey,
    change: Change,
    after: Option<Value>,
) -> Result<()> {
    let audit = AuditEntry {
        action: change.kind,
        subject: format!("realm/{}/key/{}", key.realm_id, key.generation),
        before: Some(view(key)),
        after,
        location: None,
    };
    let mut summary = view(key);
    // The realm may be gone: its keys stay until they were proven to be refused.
    if let Some(realm) = realms::get(tx.conn(), key.realm_id).await? {
        summary["realm"] = realm.slug.into();
    }
    let change = Change { realms: vec![key.realm_id], summary, ..change };
    tx.finish(&Context::system("retire_keys"), change, audit).await?;
    services.signals.changed();
    Ok(())
}
