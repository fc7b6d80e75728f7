//! Taking a proxy out of the fleet.

use super::decided;
use crate::{
    base::{context::Context, ids::ProxyId},
    domain::{change::Change, error::Result, object::Object},
    service::{Entry, Services, Written, check_version, lookup},
    store::{applied, grants, proxies, work},
};

/// Begins the removal: agents are sent elsewhere, everything of ours on the proxy is taken away, and a job removes the
/// row once it is empty. With `force` the row goes at once, and whatever is on the proxy stays there: its models, teams
/// and keys go on working until somebody removes them.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
    force: bool,
) -> Result<Written<ProxyId>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("proxy.delete").await?;
    tx.lock_head().await?;
    let old = lookup::proxy(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    let id = old.id;
    let applied = applied::on_proxy(tx.conn(), id).await?;
    let mut objects: Vec<Object> = applied.iter().map(applied::Applied::object).collect();
    let left = objects.len();
    if force {
        objects.clear();
        proxies::delete(tx.conn(), id).await?;
        grants::settle(tx.conn(), None, now).await?;
    } else {
        let waiting = work::list(tx.conn(), Some(id), None, i64::MAX).await?;
        objects.extend(waiting.iter().map(|w| Object { kind: w.kind, id: w.object_id }));
        objects.sort_unstable();
        objects.dedup();
        if !proxies::mark_deleting(tx.conn(), id, now).await? {
            return Ok(Written::unchanged(id, None, objects));
        }
    }
    let change = Change {
        kind: "proxy.delete",
        everyone: true,
        urgent: true,
        summary: serde_json::json!({ "proxy": old.name, "force": force, "leftBehind": if force { left } else { 0 } }),
        objects: objects.clone(),
        only_proxy: Some(id),
        ..Change::default()
    };
    let entry = Entry::new(format!("proxy/{id}")).before(&decided(&old));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects, created: false })
}
