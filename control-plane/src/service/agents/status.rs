//! Letting an agent in, and cutting it off.

use super::{AgentView, cut_off, decided, get, lock, lock_realms};
use crate::{
    base::context::Context,
    domain::{
        agent::AgentStatus,
        change::{Change, Location},
        error::{Error, Result},
    },
    service::{Entry, Services, Written, check_text, check_version, keys, lookup},
    store::agents,
};

/// Lets a waiting agent in. One that is approved already stays so.
pub async fn approve(s: &Services, ctx: &Context, did: &str) -> Result<Written<AgentView>> {
    set_status(s, ctx, did, AgentStatus::Approved, None, None).await
}

/// Cuts an agent off for good: its session is closed and its keys are wiped.
pub async fn revoke(
    s: &Services,
    ctx: &Context,
    did: &str,
    expected: Option<i64>,
    reason: Option<&str>,
) -> Result<Written<AgentView>> {
    check_text("reason", reason.unwrap_or_default(), 500)?;
    set_status(s, ctx, did, AgentStatus::Revoked, expected, reason).await
}

async fn set_status(
    s: &Services,
    ctx: &Context,
    did: &str,
    status: AgentStatus,
    expected: Option<i64>,
    reason: Option<&str>,
) -> Result<Written<AgentView>> {
    let now = s.store.clock.now();
    let approve = status == AgentStatus::Approved;
    let kind = if approve { "agent.approve" } else { "agent.revoke" };
    let mut tx = s.store.begin(kind).await?;
    let realms = lock_realms(tx.conn(), did).await?;
    let old = lock(tx.conn(), &ctx.reach, did).await?;
    check_version(expected, old.version)?;
    if old.status == status {
        drop(tx);
        return Ok(Written::unchanged(get(s, &ctx.reach, did).await?, Some(old.version), Vec::new()));
    }
    if approve && old.status == AgentStatus::Revoked {
        return Err(Error::conflict(
            "agent-revoked",
            "a revoked agent stays revoked; delete it, then it may enrol again with a new approval",
        ));
    }
    agents::set_status(tx.conn(), did, status, reason, now).await?;
    let after = lookup::whole_agent(tx.conn(), &ctx.reach, did).await?;
    let mut objects = cut_off(s, tx.conn(), &old, &realms).await?;
    if approve {
        for realm in &realms {
            objects.extend(keys::ensure(s, tx.conn(), *realm).await?);
        }
    }
    let change = Change {
        kind,
        agents: vec![did.to_owned()],
        realms: if objects.is_empty() { Vec::new() } else { realms },
        urgent: !approve,
        objects: objects.clone(),
        summary: serde_json::json!({ "agent": did, "agentName": after.name }),
        ..Change::default()
    };
    let entry = Entry::new(format!("agent/{did}"))
        .before(&decided(&old))
        .after(&decided(&after))
        .at(Location::changed(format!("/api/agents/{did}")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = get(s, &ctx.reach, did).await?;
    Ok(Written { revision: Some(revision), ..Written::unchanged(view, Some(after.version), objects) })
}
