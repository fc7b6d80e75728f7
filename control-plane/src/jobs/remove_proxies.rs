//! Forgets a proxy that is being removed once nothing of ours is on it any more.

use serde_json::json;

use crate::{
    base::context::Context,
    domain::{
        change::{AuditEntry, Change},
        error::Result,
    },
    service::Services,
    store::{grants, proxies},
};

pub async fn run_once(services: &Services) -> Result<u64> {
    let mut conn = services.store.conn().await?;
    let emptied = proxies::emptied(&mut conn).await?;
    drop(conn);
    let mut done = 0;
    for proxy in emptied {
        let mut tx = services.store.begin("proxy.removed").await?;
        if !proxies::delete(tx.conn(), proxy.id).await? {
            continue;
        }
        let now = services.store.clock.now();
        grants::settle(tx.conn(), None, now).await?;
        let change = Change {
            kind: "proxy.removed",
            summary: json!({ "proxyId": proxy.id, "name": proxy.name }),
            ..Change::default()
        };
        let audit = AuditEntry {
            action: "proxy.removed",
            subject: format!("proxy/{}", proxy.id),
            before: Some(json!({ "name": proxy.name, "baseUrl": proxy.base_url })),
            after: None,
            location: None,
        };
        tx.finish(&Context::system("remove_proxies"), change, audit).await?;
        services.signals.changed();
        done += 1;
    }
    Ok(done)
}
