//! Takes retiring key generations away once the agents have the next one, or their time is up.

use serde_json::json;

use crate::{
    base::context::Context,
    domain::{
        change::{AuditEntry, Change},
        error::Result,
        object::Object,
    },
    service::Services,
    store::keys,
};

pub async fn run_once(services: &Services) -> Result<u64> {
    let mut conn = services.store.conn().await?;
    let due = keys::retirable(&mut conn, services.store.clock.now()).await?;
    drop(conn);
    let mut done = 0;
    for key in due {
        let mut tx = services.store.begin("key.retire").await?;
        if !keys::delete(tx.conn(), key.id).await? {
            continue;
        }
        let view =
            json!({ "realmId": key.realm_id, "generation": key.generation, "fingerprint": key.fingerprint });
        let change = Change {
            kind: "key.retire",
            realms: vec![key.realm_id],
            summary: view.clone(),
            objects: vec![Object::key(key.id)],
            ..Change::default()
        };
        let audit = AuditEntry {
            action: "key.retire",
            subject: format!("realm/{}/key/{}", key.realm_id, key.generation),
            before: Some(view),
            after: None,
            location: None,
        };
        tx.finish(&Context::system("retire_keys"), change, audit).await?;
        services.signals.changed();
        done += 1;
    }
    Ok(done)
}
