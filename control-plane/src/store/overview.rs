//! Counts over everything, for the first page of the console: a handful of aggregate queries, each over one part.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ModelId, ProxyId, RealmId},
    domain::error::Result,
};

/// Agents of some realms, or all.
#[derive(Clone, Debug)]
pub struct AgentCounts {
    pub total: i64,
    pub pending: i64,
    /// Approved and connected; what `session_state` says of them.
    pub connected: i64,
    pub converged: i64,
    pub behind: i64,
    pub rejecting: i64,
    /// Approved and not connected.
    pub offline: i64,
    pub frozen: i64,
    /// The oldest that waits, and the oldest refusal.
    pub pending_since: Option<DateTime<Utc>>,
    pub rejecting_since: Option<DateTime<Utc>>,
    /// One that waits, and one that refuses; their names, where it is the only one.
    pub a_pending: Option<String>,
    pub a_rejecting: Option<String>,
    pub pending_name: Option<String>,
    pub rejecting_name: Option<String>,
}

pub async fn agents(conn: &mut Conn, among: Option<&[Uuid]>) -> Result<AgentCounts> {
    Ok(sqlx::query_as!(
        AgentCounts,
        r#"with seen as materialized (
               select a.did, a.name, a.status, a.created_at, s.rejected_at, f.object_id is not null as frozen,
                      case when a.status = 'approved' then session_state(s) end as state
               from agent a left join agent_session s on s.did = a.did
               left join frozen f on f.kind = 'agent' and f.object_id = a.did
               where $1::uuid[] is null or exists (select 1 from realm_agent m where m.did = a.did and m.realm_id = any($1))
           )
           select count(*) as "total!", count(*) filter (where status = 'pending') as "pending!",
                  count(*) filter (where state <> 'offline') as "connected!",
                  count(*) filter (where state = 'converged') as "converged!",
                  count(*) filter (where state = 'behind') as "behind!",
                  count(*) filter (where state = 'rejecting') as "rejecting!",
                  count(*) filter (where state = 'offline') as "offline!", count(*) filter (where frozen) as "frozen!",
                  min(created_at) filter (where status = 'pending') as pending_since,
                  min(rejected_at) filter (where state = 'rejecting') as rejecting_since,
                  min(did) filter (where status = 'pending') as a_pending,
                  min(did) filter (where state = 'rejecting') as a_rejecting,
                  min(name) filter (where status = 'pending') as pending_name,
                  min(name) filter (where state = 'rejecting') as rejecting_name
           from seen"#,
        among
    )
    .fetch_one(conn)
    .await?)
}

/// How many of something a proxy has, and since when the oldest.
#[derive(Clone, Debug)]
pub struct OnProxy {
    pub proxy_id: ProxyId,
    pub count: i64,
    pub since: Option<DateTime<Utc>>,
}

/// What the last scan of each proxy found to be different there and ours, but for what was made a moment ago.
pub async fn drift(conn: &mut Conn) -> Result<Vec<OnProxy>> {
    Ok(sqlx::query_as!(
        OnProxy,
        r#"select proxy_id as "proxy_id: ProxyId", count(*) as "count!", min(found_at) as since
           from drift where class not in ('foreign', 'not-live') group by proxy_id"#
    )
    .fetch_all(conn)
    .await?)
}

/// Work that was given up, by proxy.
pub async fn parked(conn: &mut Conn) -> Result<Vec<OnProxy>> {
    Ok(sqlx::query_as!(
        OnProxy,
        r#"select proxy_id as "proxy_id: ProxyId", count(*) as "count!", min(enqueued_at) as since
           from work where parked_code is not null group by proxy_id"#
    )
    .fetch_all(conn)
    .await?)
}

#[derive(Clone, Debug)]
pub struct ModelCounts {
    pub active: i64,
    pub inactive: i64,
    /// With a deployment that is not as wanted on some proxy.
    pub not_applied: i64,
}

/// Models granted to some realms, or all.
pub async fn models(conn: &mut Conn, granted_to: Option<&[Uuid]>) -> Result<ModelCounts> {
    Ok(sqlx::query_as!(
        ModelCounts,
        r#"select count(*) filter (where m.status = 'active') as "active!",
                  count(*) filter (where m.status = 'inactive') as "inactive!",
                  count(*) filter (where m.id in (select open_models())) as "not_applied!"
           from model m
           where $1::uuid[] is null or exists (
               select 1 from model_grant g where g.model_id = m.id and g.done_at is null and g.realm_id = any($1))"#,
        granted_to
    )
    .fetch_one(conn)
    .await?)
}

#[derive(Clone, Debug)]
pub struct RealmCounts {
    pub total: i64,
    pub without_grants: i64,
    pub frozen: i64,
}

pub async fn realms(conn: &mut Conn, among: Option<&[Uuid]>) -> Result<RealmCounts> {
    Ok(sqlx::query_as!(
        RealmCounts,
        r#"select count(*) as "total!",
                  count(*) filter (where not exists (
                      select 1 from model_grant g where g.realm_id = r.id and g.revoked_at is null)) as "without_grants!",
                  count(f.object_id) as "frozen!"
           from realm r left join frozen f on f.kind = 'realm' and f.object_id = r.id::text
           where $1::uuid[] is null or r.id = any($1)"#,
        among
    )
    .fetch_one(conn)
    .await?)
}

/// A grant that was taken away, and is not proven refused by every proxy.
#[derive(Clone, Debug)]
pub struct Revoking {
    pub model_id: ModelId,
    pub litellm_model_name: String,
    pub realm_id: RealmId,
    pub realm_slug: String,
    pub since: DateTime<Utc>,
    pub revision: Option<i64>,
    /// Proxies of the fleet that are not done, by name.
    pub waiting_for: Vec<String>,
    /// How many there are in all.
    pub count: i64,
}

/// The oldest of them.
pub async fn revoking(conn: &mut Conn, among: Option<&[Uuid]>, limit: i64) -> Result<Vec<Revoking>> {
    Ok(sqlx::query_as!(
        Revoking,
        r#"with oldest as materialized (
               select g.*, count(*) over () as n from model_grant g
               where g.revoked_at is not null and g.done_at is null and ($1::uuid[] is null or g.realm_id = any($1))
               order by g.revoked_at, g.id limit $2
           )
           select g.model_id as "model_id!: ModelId", m.litellm_model_name, g.realm_id as "realm_id!: RealmId",
                  r.slug as realm_slug, g.revoked_at as "since!", g.revoke_revision as revision, g.n as "count!",
                  array(select distinct p.name from change_effect e join proxy p on p.id = e.proxy_id
                        where e.revision = g.revoke_revision and e.done_at is null order by p.name) as "waiting_for!"
           from oldest g join model m on m.id = g.model_id join realm r on r.id = g.realm_id
           order by g.revoked_at, g.id"#,
        among,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// A grant that ends by itself.
#[derive(Clone, Debug)]
pub struct Ending {
    pub realm_id: RealmId,
    pub realm_slug: String,
    pub litellm_model_name: String,
    pub expires_at: DateTime<Utc>,
}

/// Grants that end before `until`, the next one first.
pub async fn ending(
    conn: &mut Conn,
    among: Option<&[Uuid]>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Ending>> {
    Ok(sqlx::query_as!(
        Ending,
        r#"select g.realm_id as "realm_id: RealmId", r.slug as realm_slug, m.litellm_model_name, g.expires_at as "expires_at!"
           from model_grant g join model m on m.id = g.model_id join realm r on r.id = g.realm_id
           where g.revoked_at is null and g.expires_at < $2 and ($1::uuid[] is null or g.realm_id = any($1))
           order by g.expires_at, g.id limit $3"#,
        among,
        until,
        limit
    )
    .fetch_all(conn)
    .await?)
}
