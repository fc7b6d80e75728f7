//! Reading the change log: what the relay tells sessions, and the receipt of one revision.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ProxyId, RealmId},
    domain::{
        agent::AgentState,
        change::Revision,
        error::Result,
        object::{Object, ObjectKind},
    },
};

/// Whom one revision concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub revision: Revision,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub realms: Vec<RealmId>,
    pub agents: Vec<String>,
    pub everyone: bool,
    pub urgent: bool,
}

/// Revisions after `after`, in order, at most `limit`.
pub async fn since(conn: &mut Conn, after: Revision, limit: i64) -> Result<Vec<Notice>> {
    let rows = sqlx::query!(
        "select revision, at, kind, realm_ids, agent_dids, everyone, urgent from change
         where revision > $1 order by revision limit $2",
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Notice {
            revision: r.revision,
            at: r.at,
            kind: r.kind,
            realms: r.realm_ids.into_iter().map(RealmId).collect(),
            agents: r.agent_dids,
            everyone: r.everyone,
            urgent: r.urgent,
        })
        .collect())
}

/// One revision, without its effects.
#[derive(Clone, Debug)]
pub struct Entry {
    pub revision: Revision,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub actor: String,
    pub request_id: Option<String>,
    pub realm_ids: Vec<Uuid>,
    pub agent_dids: Vec<String>,
    pub everyone: bool,
    pub summary: Value,
}

/// Whose changes to read: those that concern nothing but these realms, and the caller's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// `None`: every change.
    pub realms: Option<Vec<Uuid>>,
    pub actor: String,
}

impl Sight {
    /// The rule of [`list`], for a change that was read already.
    pub fn shows(&self, realm_ids: &[Uuid], actor: &str) -> bool {
        let within =
            |realms: &Vec<Uuid>| !realm_ids.is_empty() && realm_ids.iter().all(|r| realms.contains(r));
        self.realms.as_ref().is_none_or(within) || self.actor == actor
    }
}

/// Which changes to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub kind: Option<&'a str>,
    /// Not of this kind.
    pub not_kind: Option<&'a str>,
    pub actor: Option<&'a str>,
    /// That concern this realm.
    pub realm: Option<RealmId>,
    /// Only these, such as those that are [`open`].
    pub among: Option<&'a [Revision]>,
    pub oldest_first: bool,
    /// Only what comes after this one in that order.
    pub after: Option<Revision>,
}

/// Newest first, unless they are asked for otherwise.
pub async fn list(conn: &mut Conn, sight: &Sight, filter: &Filter<'_>, limit: i64) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "select revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, summary
         from change
         where ($1::bigint is null or case when $10 then revision > $1 else revision < $1 end)
           and ($2::uuid[] is null or (realm_ids <> '{}' and realm_ids <@ $2) or actor = $3)
           and ($4::text is null or kind = $4) and ($5::text is null or actor = $5)
           and ($6::uuid is null or $6 = any(realm_ids)) and ($7::bigint[] is null or revision = any($7))
           and ($8::text is null or kind <> $8)
         order by case when $10 then revision end, revision desc limit $9",
        filter.after,
        sight.realms.as_deref(),
        sight.actor,
        filter.kind,
        filter.actor,
        filter.realm.map(|r| r.0),
        filter.among,
        filter.not_kind,
        limit,
        filter.oldest_first
    )
    .fetch_all(conn)
    .await?)
}

/// How far a revision is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Proxies of the fleet on which something is on its way.
    pub proxies_pending: i64,
    /// Those on which something was given up.
    pub proxies_failed: i64,
    /// Approved, connected agents that it concerns, that were offered it or something newer, and have not answered.
    pub agents_pending: i64,
}

/// Revisions of which something is not done, on a proxy of the fleet or with an agent that is behind: of these, or of all.
pub async fn open(conn: &mut Conn, among: Option<&[Revision]>) -> Result<HashMap<Revision, Progress>> {
    let rows = sqlx::query!(
        r#"with open as (
               select e.revision, e.proxy_id, bool_or(w.parked_code is not null) as failed, bool_or(w.parked_code is null) as pending
               from change_effect e join proxy p on p.id = e.proxy_id
               left join work w on (w.proxy_id, w.kind, w.object_id) = (e.proxy_id, e.kind, e.object_id)
               where e.done_at is null and ($1::bigint[] is null or e.revision = any($1)) group by e.revision, e.proxy_id
           ), proxies as (
               select o.revision, count(*) filter (where o.pending) as pending, count(*) filter (where o.failed) as failed
               from open o group by o.revision
           ), agents as (
               select b.revision, count(*) as pending from behind_agents() b
               where $1 is null or b.revision = any($1) group by b.revision
           )
           select coalesce(p.revision, a.revision) as "revision!", coalesce(p.pending, 0) as "proxies_pending!",
                  coalesce(p.failed, 0) as "proxies_failed!", coalesce(a.pending, 0) as "agents_pending!"
           from proxies p full join agents a on a.revision = p.revision"#,
        among
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let progress = Progress {
                proxies_pending: r.proxies_pending,
                proxies_failed: r.proxies_failed,
                agents_pending: r.agents_pending,
            };
            (r.revision, progress)
        })
        .collect())
}

/// How many of these revisions may be seen.
pub async fn count(conn: &mut Conn, sight: &Sight, among: &[Revision]) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from change
           where revision = any($1) and ($2::uuid[] is null or (realm_ids <> '{}' and realm_ids <@ $2) or actor = $3)"#,
        among,
        sight.realms.as_deref(),
        sight.actor
    )
    .fetch_one(conn)
    .await?)
}

/// What a revision asked of one proxy for one object, and how that stands.
#[derive(Clone, Debug)]
pub struct Effect {
    pub proxy_id: ProxyId,
    /// `None` when the proxy is gone from the registry, and with it the wish.
    pub proxy_name: Option<String>,
    pub kind: ObjectKind,
    pub object_id: Uuid,
    pub done_at: Option<DateTime<Utc>>,
    pub parked_code: Option<String>,
    pub last_error: Option<String>,
    pub attempts: Option<i32>,
}

pub async fn effects(conn: &mut Conn, revision: Revision) -> Result<Vec<Effect>> {
    Ok(sqlx::query_as!(
        Effect,
        r#"select e.proxy_id as "proxy_id: ProxyId", p.name as "proxy_name?", e.kind as "kind: ObjectKind", e.object_id,
                  e.done_at, w.parked_code as "parked_code?", coalesce(w.parked_reason, w.last_error) as last_error,
                  w.attempts as "attempts?"
           from change_effect e
           left join proxy p on p.id = e.proxy_id
           left join work w on w.proxy_id = e.proxy_id and w.kind = e.kind and w.object_id = e.object_id
           where e.revision = $1 order by p.name, e.kind, e.object_id"#,
        revision
    )
    .fetch_all(conn)
    .await?)
}

/// What revisions asked of proxies.
pub async fn objects(conn: &mut Conn, revisions: &[Revision]) -> Result<Vec<(Revision, Object)>> {
    let rows = sqlx::query!(
        r#"select distinct revision, kind as "kind: ObjectKind", object_id from change_effect where revision = any($1)"#,
        revisions
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.revision, Object { kind: r.kind, id: r.object_id })).collect())
}

/// Whether everything a revision asked of proxies that still exist is done.
pub async fn effects_done(conn: &mut Conn, revision: Revision) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select 1 from change_effect e join proxy p on p.id = e.proxy_id
                              where e.revision = $1 and e.done_at is null) as "done!""#,
        revision
    )
    .fetch_one(conn)
    .await?)
}

/// An agent that a revision concerns, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned {
    pub did: String,
    pub name: String,
    pub state: AgentState,
    pub applied_version: Option<i64>,
    pub applied_at: Option<DateTime<Utc>>,
}

/// Of the agents that a revision concerns, how many are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HowFar {
    pub offline: i64,
    pub pending: i64,
    pub applied: i64,
    pub rejected: i64,
}

/// Approved agents that a revision concerns (named, or members of its realms, or all): how many are how far, and the first
/// `items` of them by DID.
pub async fn agents(conn: &mut Conn, revision: Revision, items: i64) -> Result<(HowFar, Vec<Concerned>)> {
    let rows = sqlx::query!(
        r#"with concerned as materialized (select did, state from change_agents($1)),
           first as (select did, state from concerned order by did limit $2)
           select n.offline as "offline!", n.pending as "pending!", n.applied as "applied!", n.rejected as "rejected!",
                  f.did as "did?", f.state as "state?: AgentState", a.name as "name?", s.applied_version as "applied_version?",
                  s.applied_at as "applied_at?"
           from (select count(*) filter (where state = 'offline') as offline, count(*) filter (where state = 'pending') as pending,
                        count(*) filter (where state = 'applied') as applied, count(*) filter (where state = 'rejected') as rejected
                 from concerned) n
           left join (first f join agent a on a.did = f.did left join agent_session s on s.did = f.did) on true
           order by f.did"#,
        revision,
        items
    )
    .fetch_all(conn)
    .await?;
    let how_far = rows.first().map_or_else(HowFar::default, |r| HowFar {
        offline: r.offline,
        pending: r.pending,
        applied: r.applied,
        rejected: r.rejected,
    });
    // Without an agent there is one row, with the counts alone.
    let first = rows.into_iter().filter_map(|r| {
        Some(Concerned {
            did: r.did?,
            name: r.name?,
            state: r.state?,
            applied_version: r.applied_version,
            applied_at: r.applied_at,
        })
    });
    Ok((how_far, first.collect()))
}
