//! Agents: who they are and how they are configured. Session state is in `sessions`.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Conn, freezes};
use crate::{
    base::{
        ids::{ModelId, RealmId},
        page::{OrderedRequest, Place},
    },
    domain::{
        agent::{Agent, AgentStatus, ConfigMode, ManualConfig},
        error::Result,
        freeze::FreezeKind,
    },
};

struct Row {
    did: String,
    name: String,
    status: AgentStatus,
    status_reason: Option<String>,
    mode: ConfigMode,
    realm_id: Option<RealmId>,
    model_id: Option<ModelId>,
    manual_config: Option<Json<ManualConfig>>,
    manual_generation: i64,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    approved_at: Option<DateTime<Utc>>,
}

impl From<Row> for Agent {
    fn from(r: Row) -> Self {
        Self {
            did: r.did,
            name: r.name,
            status: r.status,
            status_reason: r.status_reason,
            mode: r.mode,
            realm_id: r.realm_id,
            model_id: r.model_id,
            manual_config: r.manual_config.map(|c| c.0),
            manual_generation: r.manual_generation,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
            approved_at: r.approved_at,
        }
    }
}

/// Which agents to find; all filters must match.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub status: Option<AgentStatus>,
    pub realm: Option<RealmId>,
    /// In one of these realms.
    pub among: Option<&'a [uuid::Uuid]>,
    /// Part of the name or DID, case-insensitive.
    pub search: Option<&'a str>,
    /// `connected`, or what `session_state` says; all but `connected` and `offline` of approved agents alone.
    pub live: Option<&'a str>,
    pub frozen: Option<bool>,
    /// By `did`, `name`, `lastSeen` or `created`.
    pub page: &'a OrderedRequest,
}

/// DIDs, in the order asked for; one more than asked for.
pub async fn find(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<Place>> {
    let (after_key, after_did) = filter.page.after();
    Ok(sqlx::query_as!(
        Place,
        r#"select k.key as "key!", a.did as "id!"
           from agent a left join agent_session s on s.did = a.did
           cross join lateral (select (case $1::text
               when 'name' then lower(a.name)
               when 'lastSeen' then coalesce(to_char(s.last_seen_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '')
               when 'created' then to_char(a.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
               else '' end) collate "C" as key) k
           where ($2::text is null or a.status = $2)
             and ($3::uuid is null or exists (select 1 from realm_agent m where m.did = a.did and m.realm_id = $3))
             and ($4::uuid[] is null or exists (select 1 from realm_agent m where m.did = a.did and m.realm_id = any($4)))
             and ($5::text is null or strpos(lower(a.name || ' ' || a.did), lower($5)) > 0)
             and ($6::text is null or case $6
                 when 'connected' then s.replica_id is not null
                 when 'offline' then s.replica_id is null
                 else a.status = 'approved' and session_state(s) = $6 end)
             and ($7::bool is null or is_frozen('agent', a.did) = $7)
             and ($8::text is null or case when $10
                 then k.key < $8 or (k.key = $8 and a.did > $9)
                 else k.key > $8 or (k.key = $8 and a.did > $9) end)
           order by case when $10::bool then k.key end desc, case when not $10 then k.key end, a.did
           limit $11"#,
        filter.page.order.by,
        filter.status.map(AgentStatus::as_str),
        filter.realm.map(|r| r.0),
        filter.among,
        filter.search,
        filter.live,
        filter.frozen,
        after_key,
        after_did,
        filter.page.order.down,
        filter.page.limit + 1
    )
    .fetch_all(conn)
    .await?)
}

/// These agents, by DID; those that are not there are missing.
pub async fn list(conn: &mut Conn, dids: &[String]) -> Result<Vec<Agent>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select did, name, status as "status: AgentStatus", status_reason, mode as "mode: ConfigMode",
                  realm_id as "realm_id: RealmId", model_id as "model_id: ModelId",
                  manual_config as "manual_config: Json<ManualConfig>", manual_generation, version, created_at,
                  updated_at, approved_at
           from agent where did = any($1) order by did"#,
        dids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Agent::from).collect())
}

pub async fn get(conn: &mut Conn, did: &str) -> Result<Option<Agent>> {
    Ok(list(conn, &[did.to_owned()]).await?.pop())
}

/// Locks the row for an edit and says which version it has.
pub async fn lock(conn: &mut Conn, did: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select version from agent where did = $1 for update", did)
        .fetch_optional(conn)
        .await?)
}

/// Adds an agent; `false` when it is there already.
pub async fn insert(conn: &mut Conn, a: &Agent) -> Result<bool> {
    let done = sqlx::query!(
        "insert into agent (did, name, status, created_at, updated_at, approved_at) values ($1, $2, $3, $4, $4, $5)
         on conflict do nothing",
        a.did,
        a.name,
        a.status as _,
        a.created_at,
        a.approved_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes the status, with the reason that admins see.
pub async fn set_status(
    conn: &mut Conn,
    did: &str,
    status: AgentStatus,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update agent set status = $2, status_reason = $3, updated_at = $4, version = version + 1,
                approved_at = case when $2 = 'approved' then $4 else approved_at end
         where did = $1",
        did,
        status as _,
        reason,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A new way to configure an agent. `manual_api_key` is sealed with `manual_generation`.
#[derive(Debug)]
pub struct NewMode<'a> {
    pub mode: ConfigMode,
    pub realm_id: Option<RealmId>,
    pub model_id: Option<ModelId>,
    pub manual_config: Option<&'a ManualConfig>,
    pub manual_api_key: Option<&'a [u8]>,
    pub manual_generation: i64,
}

pub async fn set_mode(conn: &mut Conn, did: &str, new: &NewMode<'_>, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update agent set mode = $2, realm_id = $3, model_id = $4, manual_config = $5, manual_api_key = $6,
                manual_generation = $7, updated_at = $8, version = version + 1
         where did = $1",
        did,
        new.mode as _,
        new.realm_id.map(|r| r.0),
        new.model_id.map(|m| m.0),
        new.manual_config.map(Json) as _,
        new.manual_api_key,
        new.manual_generation,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sealed key of manual mode.
pub async fn manual_api_key(conn: &mut Conn, did: &str) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select manual_api_key from agent where did = $1", did)
        .fetch_optional(conn)
        .await?
        .flatten())
}

/// Removes an agent with its memberships and session state.
pub async fn delete(conn: &mut Conn, did: &str) -> Result<bool> {
    freezes::delete(conn, FreezeKind::Agent, did).await?;
    Ok(sqlx::query!("delete from agent where did = $1", did).execute(conn).await?.rows_affected() == 1)
}

/// How many wait for approval; their sessions are bounded.
pub async fn count_pending(conn: &mut Conn) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "n!" from agent where status = 'pending'"#)
        .fetch_one(conn)
        .await?)
}

/// Forgets a choice that rests on a membership which ends.
pub async fn clear_choice(conn: &mut Conn, did: &str, realm: RealmId) -> Result<()> {
    sqlx::query!(
        "update agent set realm_id = null, model_id = null, version = version + 1 where did = $1 and realm_id = $2",
        did,
        realm.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
