//! Membership: which agents are in a realm.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written, keys, lookup, realms::lock};
use crate::{
    base::{
        context::Context,
        ids::RealmId,
        page::{Page, PageRequest},
        reach::Reach,
    },
    domain::{
        agent::{AgentStatus, Membership},
        change::{Change, Location},
        error::{Error, Result},
        realm::Realm,
    },
    store::{Conn, agents, realms},
};

/// An agent's membership in a realm.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    pub realm_id: RealmId,
    pub did: String,
    /// The agent's model is chosen from this realm first.
    pub is_primary: bool,
    pub joined_at: DateTime<Utc>,
}

impl From<Membership> for MemberView {
    fn from(m: Membership) -> Self {
        Self { realm_id: m.realm_id, did: m.did, is_primary: m.is_primary, joined_at: m.joined_at }
    }
}

/// Joins, or makes the realm the agent's primary one. An agent's first realm is primary anyway.
pub async fn join(
    s: &Services,
    ctx: &Context,
    realm: &str,
    did: &str,
    primary: bool,
) -> Result<Written<MemberView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("agent.join").await?;
    let realm = lock(tx.conn(), &ctx.reach, realm).await?;
    let agent = lookup::in_field("did", lookup::whole_agent(tx.conn(), &ctx.reach, did).await)?;
    agents::lock(tx.conn(), did).await?;
    let before = one(tx.conn(), &realm, did).await?;
    let joined = realms::join(tx.conn(), realm.id, did, primary, now).await?;
    let after = one(tx.conn(), &realm, did).await?.ok_or_else(|| Error::not_found("member", did))?;
    if !joined {
        return Ok(Written::unchanged(after, None, Vec::new()));
    }
    let created = before.is_none();
    let objects = keys::ensure(s, tx.conn(), realm.id).await?;
    let change = Change {
        kind: "agent.join",
        agents: vec![did.to_owned()],
        objects: objects.clone(),
        summary: serde_json::json!({
            "realm": realm.slug, "agent": did, "agentName": agent.name, "primary": after.is_primary,
        }),
        ..Change::default()
    };
    let path = format!("/api/realms/{}/agents/{did}", realm.id);
    let location = if created { Location::created(path) } else { Location::changed(path) };
    let mut entry = Entry::new(subject(&realm, did)).after(&after).at(location);
    if let Some(before) = &before {
        entry = entry.before(before);
    }
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: after, version: None, revision: Some(revision), objects, created })
}

pub async fn get(s: &Services, reach: &Reach, realm: &str, did: &str) -> Result<MemberView> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, realm).await?;
    one(&mut conn, &realm, did).await?.ok_or_else(|| Error::not_found("member", did))
}

/// By DID.
pub async fn list(s: &Services, reach: &Reach, realm: &str, page: &PageRequest) -> Result<Page<MemberView>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, realm).await?;
    let rows = realms::members(&mut conn, Some(realm.id), None, page).await?;
    Ok(Page::cut(rows, page, |m| m.did.clone()).map(MemberView::from))
}

/// Leaves: what the agent had through this realm it loses at once, and the key that it knew is replaced, or blocked where it was its own.
pub async fn leave(s: &Services, ctx: &Context, realm: &str, did: &str) -> Result<Written<MemberView>> {
    let mut tx = s.store.begin("agent.leave").await?;
    let realm = lock(tx.conn(), &ctx.reach, realm).await?;
    agents::lock(tx.conn(), did).await?;
    let before = one(tx.conn(), &realm, did).await?.ok_or_else(|| Error::not_found("member", did))?;
    let agent = lookup::agent(tx.conn(), &ctx.reach, did).await?;
    let knew = agent.status == AgentStatus::Approved;
    realms::leave(tx.conn(), realm.id, did).await?;
    agents::clear_choice(tx.conn(), did, realm.id).await?;
    let objects = if knew { keys::cut_off(s, tx.conn(), realm.id, did).await? } else { Vec::new() };
    let change = Change {
        kind: "agent.leave",
        agents: vec![did.to_owned()],
        realms: if objects.is_empty() { Vec::new() } else { vec![realm.id] },
        urgent: true,
        objects: objects.clone(),
        summary: serde_json::json!({ "realm": realm.slug, "agent": did, "agentName": agent.name }),
        ..Change::default()
    };
    let revision = s.finish(tx, ctx, change, Entry::new(subject(&realm, did)).before(&before)).await?;
    Ok(Written { view: before, version: None, revision: Some(revision), objects, created: false })
}

async fn one(conn: &mut Conn, realm: &Realm, did: &str) -> Result<Option<MemberView>> {
    let page = PageRequest { limit: 1, after: None };
    let rows = realms::members(conn, Some(realm.id), Some(did), &page).await?;
    Ok(rows.into_iter().next().map(MemberView::from))
}

fn subject(realm: &Realm, did: &str) -> String {
    format!("member/{}/{did}", realm.id)
}
