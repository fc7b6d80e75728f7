//! Forgetting an agent.

use super::{cut_off, decided, lock, lock_realms};
use crate::{
    base::context::Context,
    domain::{change::Change, error::Result},
    service::{Entry, Services, Written, check_version},
    store::agents,
};

/// Forgets an agent. It may enrol again. The keys that it knew are replaced, its own ones blocked.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    did: &str,
    expected: Option<i64>,
) -> Result<Written<String>> {
    let mut tx = s.store.begin("agent.delete").await?;
    let realms = lock_realms(tx.conn(), did).await?;
    let old = lock(tx.conn(), &ctx.reach, did).await?;
    check_version(expected, old.version)?;
    agents::delete(tx.conn(), did).await?;
    let objects = cut_off(s, tx.conn(), &old, &realms).await?;
    let change = Change {
        kind: "agent.delete",
        agents: vec![did.to_owned()],
        realms: if objects.is_empty() { Vec::new() } else { realms },
        urgent: true,
        objects: objects.clone(),
        summary: serde_json::json!({ "agent": did, "agentName": old.name }),
        ..Change::default()
    };
    let entry = Entry::new(format!("agent/{did}")).before(&decided(&old));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { revision: Some(revision), ..Written::unchanged(did.to_owned(), None, objects) })
}
