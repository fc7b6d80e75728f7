//! What the feed of events reads at each look: what is new, in few set-based statements, and nothing that a quiet system
//! would have to pay for.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, changes::Entry};
use crate::{
    base::ids::{ProxyId, RealmId},
    domain::{
        agent::{AgentSession, AgentStatus},
        change::Revision,
        error::Result,
        proxy::{ProxyState, ProxyStatus},
    },
};

/// Revisions after `after`, in order, at most `limit`.
pub async fn changes(conn: &mut Conn, after: Revision, limit: i64) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "select revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, summary
         from change where revision > $1 order by revision limit $2",
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Revisions that may still be on their way: those that wait for a proxy, and those made since `since`. The newest `limit`.
pub async fn in_flight(conn: &mut Conn, since: DateTime<Utc>, limit: i64) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "select revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, summary
         from change c
         where revision in (select e.revision from change_effect e join proxy p on p.id = e.proxy_id where e.done_at is null)
            or revision in (select n.revision from (select revision, at from change order by revision desc limit $2) n
                            where n.at > $1)
         order by revision desc limit $2",
        since,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// The newest audit row, and what kinds of things the rows after a given one are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub seq: i64,
    /// Such as `person`: what stands before the first `/` of a subject.
    pub kinds: Vec<String>,
}

/// What was written to the audit record after `after`.
pub async fn recorded(conn: &mut Conn, after: i64) -> Result<Recorded> {
    Ok(sqlx::query_as!(
        Recorded,
        r#"select (select audit_seq from head) as "seq!",
                  coalesce(array_agg(distinct split_part(subject, '/', 1)), '{}') as "kinds!"
           from audit where seq > $1"#,
        after
    )
    .fetch_one(conn)
    .await?)
}

/// What a revision still waits for on proxies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnProxies {
    /// Proxies that are on their way to it.
    pub waiting: i64,
    /// Objects that are not tried again until their input changes.
    pub parked: i64,
}

/// Of these revisions; those that wait for nothing are missing.
pub async fn on_proxies(conn: &mut Conn, revisions: &[Revision]) -> Result<Vec<(Revision, OnProxies)>> {
    let rows = sqlx::query!(
        r#"select e.revision, count(distinct e.proxy_id) filter (where w.parked_code is null) as "waiting!",
                  count(*) filter (where w.parked_code is not null) as "parked!"
           from change_effect e join proxy p on p.id = e.proxy_id
           left join work w on w.proxy_id = e.proxy_id and w.kind = e.kind and w.object_id = e.object_id
           where e.revision = any($1) and e.done_at is null group by e.revision"#,
        revisions
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.revision, OnProxies { waiting: r.waiting, parked: r.parked })).collect())
}

/// An agent, as far as events tell of it.
#[derive(Clone, Debug)]
pub struct AgentMoved {
    pub did: String,
    pub name: String,
    pub status: AgentStatus,
    pub realms: Vec<RealmId>,
    /// What says how far it is; times and reasons are left out.
    pub session: AgentSession,
    /// When its row or its session last moved.
    pub moved_at: DateTime<Utc>,
}

/// Agents whose row or session moved after `since`.
pub async fn agents(conn: &mut Conn, since: DateTime<Utc>) -> Result<Vec<AgentMoved>> {
    let rows = sqlx::query!(
        r#"select a.did, a.name, a.status as "status: AgentStatus",
                  array(select m.realm_id from realm_agent m where m.did = a.did order by m.realm_id) as "realms!: Vec<Uuid>",
                  s.replica_id as "replica_id?", s.offered_version as "offered_version?", s.offered_hash as "offered_hash?",
                  s.applied_version as "applied_version?", s.applied_hash as "applied_hash?",
                  s.rejected_hash as "rejected_hash?", s.retry_asked as "retry_asked?",
                  greatest(a.updated_at, s.connected_at, s.disconnected_at, s.offered_at, s.applied_at, s.rejected_at)
                      as "moved_at!"
           from agent a left join agent_session s on s.did = a.did
           where a.did in (select did from agent where updated_at > $1
                           union
                           select did from agent_session
                           where greatest(connected_at, disconnected_at, offered_at, applied_at, rejected_at) > $1)
           order by a.did"#,
        since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| AgentMoved {
            did: r.did,
            name: r.name,
            status: r.status,
            realms: r.realms.into_iter().map(RealmId).collect(),
            session: AgentSession {
                replica_id: r.replica_id,
                offered_version: r.offered_version.unwrap_or_default(),
                offered_hash: r.offered_hash,
                applied_version: r.applied_version,
                applied_hash: r.applied_hash,
                rejected_hash: r.rejected_hash,
                retry_asked: r.retry_asked.unwrap_or_default(),
                ..AgentSession::default()
            },
            moved_at: r.moved_at,
        })
        .collect())
}

/// A proxy, as far as events tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyNow {
    pub id: ProxyId,
    pub name: String,
    pub status: ProxyStatus,
    pub state: ProxyState,
    pub avoided: bool,
}

/// All of them: a fleet is few rows.
pub async fn proxies(conn: &mut Conn) -> Result<Vec<ProxyNow>> {
    Ok(sqlx::query_as!(
        ProxyNow,
        r#"select id as "id: ProxyId", name, status as "status: ProxyStatus", state as "state: ProxyState", avoided
           from proxy order by name"#
    )
    .fetch_all(conn)
    .await?)
}
