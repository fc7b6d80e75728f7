//! Agents as admins see and rule them. Enrolment is in `enroll`, config modes in `llm_config`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, check_text, check_version,
    converge::{AgentState, agent_state},
    freezes::{self, Frozen},
    keys, lookup,
};
use crate::{
    base::{
        context::Context,
        ids::RealmId,
        page::{Order, OrderedRequest, Page, in_order},
        reach::Reach,
    },
    domain::{
        agent::{Agent, AgentSession, AgentStatus, ConfigMode},
        change::{Change, Location},
        error::{Error, Result},
        freeze::FreezeKind,
        object::Object,
    },
    push::compile::compile_agent,
    store::{Conn, agents, documents::AgentInput, realms},
};

/// An agent as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    pub did: String,
    pub name: String,
    pub status: AgentStatus,
    pub status_reason: Option<String>,
    pub mode: ConfigMode,
    /// Its realms that the caller may see, the primary one first.
    pub realms: Vec<AgentRealm>,
    pub connection: Connection,
    /// What it says it runs; null before it said so.
    pub running: Option<Running>,
    /// What it should run now.
    pub wanted: DocumentRef,
    /// Set while an admin has stopped it.
    pub frozen: Option<Frozen>,
    /// What it refused last, until it runs something else.
    pub rejected: Option<Rejected>,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub approved_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentRealm {
    pub id: RealmId,
    pub slug: String,
    pub name: String,
    pub is_primary: bool,
}

/// Its session.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub connected: bool,
    /// Since when it is connected or away; null before its first session.
    pub since: Option<DateTime<Utc>>,
    pub last_seen: Option<DateTime<Utc>>,
    /// Version of its software, as it says.
    pub agent_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    pub version: i64,
    pub hash: String,
    pub at: Option<DateTime<Utc>>,
    pub key_generation: Option<i64>,
}

/// A document by version and hash.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRef {
    pub version: i64,
    pub hash: String,
    /// `active`, `env` or `unavailable`.
    pub state: &'static str,
    /// Whether the agent runs it.
    pub progress: AgentState,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    pub version: i64,
    pub hash: String,
    pub code: Option<String>,
    pub message: Option<String>,
    pub field: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

/// What its session says of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Live {
    Connected,
    /// Approved, connected, and runs what it was offered last.
    Converged,
    /// Approved, connected, and has refused what it was offered last.
    Rejecting,
    /// Approved, connected, and neither.
    Behind,
    Offline,
}

impl Live {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Converged => "converged",
            Self::Rejecting => "rejecting",
            Self::Behind => "behind",
            Self::Offline => "offline",
        }
    }
}

/// How agents are ordered; equal ones by DID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum AgentSort {
    #[default]
    #[serde(rename = "did")]
    Did,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "-lastSeen")]
    LastSeenDown,
    #[serde(rename = "-created")]
    CreatedDown,
}

impl AgentSort {
    pub fn order(self) -> Order {
        match self {
            Self::Did => Order::up("did"),
            Self::Name => Order::up("name"),
            Self::NameDown => Order::down("name"),
            Self::LastSeenDown => Order::down("lastSeen"),
            Self::CreatedDown => Order::down("created"),
        }
    }
}

/// Which agents to list; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub status: Option<AgentStatus>,
    /// Id or slug.
    pub realm: Option<String>,
    /// Part of the name or DID.
    pub search: Option<String>,
    pub live: Option<Live>,
    pub frozen: Option<bool>,
}

/// As far as the caller may see it.
pub async fn get(s: &Services, reach: &Reach, did: &str) -> Result<AgentView> {
    lookup::agent(&mut *s.store.conn().await?, reach, did).await?;
    let dids = [did.to_owned()];
    views(s, reach, &dids).await?.pop().ok_or_else(|| Error::not_found("agent", did))
}

/// In the order asked for.
pub async fn list(
    s: &Services,
    reach: &Reach,
    wanted: &Wanted,
    page: &OrderedRequest,
) -> Result<Page<AgentView>> {
    let mut conn = s.store.conn().await?;
    let realm = match &wanted.realm {
        Some(name) => Some(lookup::in_field("realm", lookup::realm(&mut conn, reach, name).await)?.id),
        None => None,
    };
    let among = reach.may.filter();
    let filter = agents::Filter {
        among: among.as_deref(),
        status: wanted.status,
        realm,
        search: wanted.search.as_deref(),
        live: wanted.live.map(Live::as_str),
        frozen: wanted.frozen,
        page,
    };
    let found = page.cut(agents::find(&mut conn, &filter).await?);
    drop(conn);
    let views = views(s, reach, &found.items).await?;
    Ok(Page { items: in_order(&found.items, views, |v| v.did.clone()), next_cursor: found.next_cursor })
}

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

/// Locks the agent's realms, before the agent itself: the order that joining takes.
async fn lock_realms(conn: &mut Conn, did: &str) -> Result<Vec<RealmId>> {
    let members = realms::of_agents(conn, &[did.to_owned()]).await?;
    let mut found: Vec<RealmId> = members.into_iter().map(|m| m.realm_id).collect();
    found.sort_unstable();
    for realm in &found {
        realms::lock(conn, *realm).await?;
    }
    Ok(found)
}

/// An agent that was let in knows the keys of its realms.
async fn cut_off(s: &Services, conn: &mut Conn, old: &Agent, realms: &[RealmId]) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    if old.status == AgentStatus::Approved {
        for realm in realms {
            objects.extend(keys::cut_off(s, conn, *realm, &old.did).await?);
        }
    }
    Ok(objects)
}

/// Finds an agent that the caller may change, locks it, and reads it as it is then.
pub(super) async fn lock(conn: &mut Conn, reach: &Reach, did: &str) -> Result<Agent> {
    agents::lock(conn, did).await?.ok_or_else(|| Error::not_found("agent", did))?;
    lookup::whole_agent(conn, reach, did).await
}

/// What an audit row says of an agent: what people decided, not what its session does.
pub(super) fn decided(a: &Agent) -> serde_json::Value {
    serde_json::json!({
        "did": a.did, "name": a.name, "status": a.status, "statusReason": a.status_reason, "mode": a.mode,
        "realmId": a.realm_id, "realmModelId": a.model_id, "manual": a.manual_config, "version": a.version,
    })
}

async fn views(s: &Services, reach: &Reach, dids: &[String]) -> Result<Vec<AgentView>> {
    let inputs = s.store.document_inputs(dids).await?;
    let mut frozen = freezes::of_kind(&mut *s.store.conn().await?, FreezeKind::Agent).await?;
    let mut memberships: HashMap<String, Vec<AgentRealm>> = HashMap::new();
    for m in realms::of_agents(&mut *s.store.conn().await?, dids).await? {
        if !reach.sees.has(m.realm_id) {
            continue;
        }
        let realm = AgentRealm { id: m.realm_id, slug: m.slug, name: m.name, is_primary: m.is_primary };
        memberships.entry(m.did).or_default().push(realm);
    }
    Ok(inputs
        .agents
        .iter()
        .map(|input| {
            let wanted = compile_agent(&inputs, input).message;
            let document = DocumentRef {
                progress: agent_state(&input.session, &wanted.hash),
                version: wanted.version,
                state: wanted.document.state(),
                hash: wanted.hash,
            };
            let realms = memberships.remove(&input.agent.did).unwrap_or_default();
            view(input, realms, document, frozen.remove(&input.agent.did))
        })
        .collect())
}

fn view(
    input: &AgentInput,
    realms: Vec<AgentRealm>,
    wanted: DocumentRef,
    frozen: Option<Frozen>,
) -> AgentView {
    let (a, session) = (input.agent.clone(), &input.session);
    AgentView {
        did: a.did,
        name: a.name,
        status: a.status,
        status_reason: a.status_reason,
        mode: a.mode,
        realms,
        connection: connection(session),
        running: session.applied_hash.clone().map(|hash| Running {
            version: session.applied_version.unwrap_or_default(),
            hash,
            at: session.applied_at,
            key_generation: session.applied_key_generation,
        }),
        wanted,
        frozen,
        rejected: session.rejected_hash.clone().map(|hash| Rejected {
            version: session.rejected_version.unwrap_or_default(),
            hash,
            code: session.rejected_code.clone(),
            message: session.rejected_message.clone(),
            field: session.rejected_field.clone(),
            at: session.rejected_at,
        }),
        version: a.version,
        created_at: a.created_at,
        updated_at: a.updated_at,
        approved_at: a.approved_at,
    }
}

fn connection(session: &AgentSession) -> Connection {
    let connected = session.replica_id.is_some();
    Connection {
        connected,
        since: if connected { session.connected_at } else { session.disconnected_at },
        last_seen: session.last_seen_at,
        agent_version: session.agent_version.clone(),
    }
}
