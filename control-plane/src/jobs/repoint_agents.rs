//! Sends agents away from a proxy that does not answer or does not know their keys any more, and back when it has been well for a
//! while. Two different times keep a proxy that comes and goes from moving its agents with it; the relay bounds how many move at once.

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    base::context::Context,
    domain::{change::Change, error::Result},
    service::Services,
    store::proxies,
};

/// How long a proxy may be silent before its agents are sent elsewhere: meanwhile their calls fail.
const SILENT: TimeDelta = TimeDelta::seconds(5);
/// How long it must have answered again before they come back.
const WELL: TimeDelta = TimeDelta::seconds(60);

pub async fn run_once(services: &Services) -> Result<u64> {
    let now = services.store.clock.now();
    let mut conn = services.store.conn().await?;
    let due = proxies::to_repoint(&mut conn, now - SILENT, now - WELL).await?;
    drop(conn);
    let mut done = 0;
    for (id, avoid) in due {
        let mut tx = services.store.begin("proxy.repoint").await?;
        let Some(name) = proxies::set_avoided(tx.conn(), id, avoid).await? else { continue };
        tracing::warn!(proxy.name = name, proxy.avoided = avoid, "agents are sent to other proxies, or back");
        let change = Change {
            kind: if avoid { "proxy.avoid" } else { "proxy.return" },
            everyone: true,
            summary: json!({ "proxyId": id, "proxy": name }),
            ..Change::default()
        };
        tx.finish_observed(&Context::system("repoint_agents"), change).await?;
        services.signals.changed();
        done += 1;
    }
    Ok(done)
}
