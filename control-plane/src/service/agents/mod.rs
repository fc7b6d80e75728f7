//! Agents as admins see and rule them: what is shown of one. Listing and ruling are in the files beside this one, enrolment in
//! `enroll`, config modes in `llm_config`.

pub mod delete;
pub mod list;
pub mod status;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{
    delete::delete,
    list::{AgentSort, Live, Wanted, list},
    status::{approve, revoke},
};
use super::{
    Services,
    freezes::{self, Frozen},
    keys, lookup,
};
use crate::{
    base::{ids::RealmId, reach::Reach},
    domain::{
        agent::{Agent, AgentSession, AgentState, AgentStatus, ConfigMode},
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

/// As far as the caller may see it.
pub async fn get(s: &Services, reach: &Reach, did: &str) -> Result<AgentView> {
    lookup::agent(&mut *s.store.conn().await?, reach, did).await?;
    let dids = [did.to_owned()];
    views(s, reach, &dids).await?.pop().ok_or_else(|| Error::not_found("agent", did))
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
                progress: input.session.state(&wanted.hash),
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
