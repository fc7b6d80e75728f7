//! The fleet's rows: registry part, and what probes and scans found.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, freezes};
use crate::{
    base::{ids::ProxyId, page::PageRequest},
    domain::{
        enforcement::{CheckResult, EnforcementPolicy},
        error::Result,
        freeze::FreezeKind,
        proxy::{Proxy, ProxyState, ProxyStatus},
    },
};

struct Row {
    id: ProxyId,
    name: String,
    base_url: String,
    public_url: String,
    labels: Json<BTreeMap<String, String>>,
    cache_lag_seconds: i32,
    state: ProxyState,
    avoided: bool,
    deleting: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    status: ProxyStatus,
    status_since: DateTime<Utc>,
    status_code: Option<String>,
    status_message: Option<String>,
    litellm_version: Option<String>,
    capabilities: Value,
    checked_at: Option<DateTime<Utc>>,
    scanned_at: Option<DateTime<Utc>>,
    wiped_since: Option<DateTime<Utc>>,
    prune_held: i64,
    prune_allowed: bool,
    foreign_counts: Value,
    enforcement_policy: EnforcementPolicy,
    enforcement: Json<Vec<CheckResult>>,
    enforced: Option<bool>,
    enforcement_at: Option<DateTime<Utc>>,
    enforcement_version: Option<String>,
}

impl From<Row> for Proxy {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            name: r.name,
            base_url: r.base_url,
            public_url: r.public_url,
            labels: r.labels.0,
            cache_lag_seconds: r.cache_lag_seconds,
            state: r.state,
            avoided: r.avoided,
            deleting: r.deleting,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
            status: r.status,
            status_since: r.status_since,
            status_code: r.status_code,
            status_message: r.status_message,
            litellm_version: r.litellm_version,
            capabilities: r.capabilities,
            checked_at: r.checked_at,
            scanned_at: r.scanned_at,
            wiped_since: r.wiped_since,
            prune_held: r.prune_held,
            prune_allowed: r.prune_allowed,
            foreign_counts: r.foreign_counts,
            enforcement_policy: r.enforcement_policy,
            enforcement: r.enforcement.0,
            enforced: r.enforced,
            enforcement_at: r.enforcement_at,
            enforcement_version: r.enforcement_version,
        }
    }
}

async fn select(
    conn: &mut Conn,
    id: Option<ProxyId>,
    name: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Proxy>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: ProxyId", name, base_url, public_url,
                  labels as "labels: Json<BTreeMap<String, String>>", cache_lag_seconds,
                  state as "state: ProxyState", avoided, deleting, version, created_at, updated_at,
                  status as "status: ProxyStatus", status_since, status_code, status_message, litellm_version,
                  capabilities, checked_at, scanned_at, wiped_since, prune_held, prune_allowed, foreign_counts,
                  enforcement_policy as "enforcement_policy: EnforcementPolicy",
                  enforcement as "enforcement: Json<Vec<CheckResult>>", enforced, enforcement_at, enforcement_version
           from proxy
           where ($1::uuid is null or id = $1) and ($2::text is null or name = $2)
             and ($3::text is null or name > $3)
           order by name limit $4"#,
        id.map(|id| id.0),
        name,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Proxy::from).collect())
}

pub async fn get(conn: &mut Conn, id: ProxyId) -> Result<Option<Proxy>> {
    Ok(select(conn, Some(id), None, None, 1).await?.pop())
}

pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Proxy>> {
    Ok(select(conn, None, Some(name), None, 1).await?.pop())
}

/// By name; reads one more than asked for, for [`crate::base::page::Page::cut`].
pub async fn list(conn: &mut Conn, page: &PageRequest) -> Result<Vec<Proxy>> {
    select(conn, None, None, page.after.as_deref(), page.limit + 1).await
}

/// Every proxy.
pub async fn all(conn: &mut Conn) -> Result<Vec<Proxy>> {
    select(conn, None, None, None, i64::MAX).await
}

/// What the registry writes.
pub struct NewProxy<'a> {
    pub id: ProxyId,
    pub name: &'a str,
    pub base_url: &'a str,
    pub public_url: &'a str,
    /// Sealed.
    pub master_key: &'a [u8],
    pub labels: &'a BTreeMap<String, String>,
    pub cache_lag_seconds: i32,
    pub state: ProxyState,
    pub enforcement_policy: EnforcementPolicy,
}

pub async fn insert(conn: &mut Conn, new: &NewProxy<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into proxy (id, name, base_url, public_url, master_key, labels, cache_lag_seconds, created_at, updated_at,
                            status_since, check_due_at, scan_due_at, state,
                            enforcement_policy)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $8, $8, $9, $10)",
        new.id.0,
        new.name,
        new.base_url,
        new.public_url,
        new.master_key,
        Json(new.labels) as _,
        new.cache_lag_seconds,
        now,
        new.state as _,
        new.enforcement_policy.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes an edit; the next probe is due at once.
pub async fn update(conn: &mut Conn, new: &NewProxy<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update proxy set name = $2, base_url = $3, public_url = $4, master_key = $5, labels = $6,
                cache_lag_seconds = $7, state = $9, updated_at = $8, version = version + 1, check_due_at = $8,
                scan_due_at = $8, enforcement_policy = $10,
                enforcement_at = case when (base_url, master_key) = ($3, $5) then enforcement_at end,
                enforced = case when (base_url, master_key) = ($3, $5) then enforced end
         where id = $1",
        new.id.0,
        new.name,
        new.base_url,
        new.public_url,
        new.master_key,
        Json(new.labels) as _,
        new.cache_lag_seconds,
        now,
        new.state as _,
        new.enforcement_policy.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Begins its removal; `false` when it is being removed already.
pub async fn mark_deleting(conn: &mut Conn, id: ProxyId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update proxy set deleting = true, version = version + 1, updated_at = $2, check_due_at = $2
         where id = $1 and not deleting",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes the row, and with it all work and applied state.
pub async fn delete(conn: &mut Conn, id: ProxyId) -> Result<bool> {
    freezes::delete(conn, FreezeKind::Proxy, &id.to_string()).await?;
    Ok(sqlx::query!("delete from proxy where id = $1", id.0).execute(conn).await?.rows_affected() == 1)
}

/// Proxies being removed that hold nothing of ours any more.
pub async fn emptied(conn: &mut Conn) -> Result<Vec<Proxy>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ProxyId" from proxy p where deleting
           and not exists (select 1 from applied a where a.proxy_id = p.id)
           and not exists (select 1 from work w where w.proxy_id = p.id)"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut proxies = Vec::new();
    for id in ids {
        proxies.extend(get(conn, id).await?);
    }
    Ok(proxies)
}

/// The sealed master key.
pub async fn master_key(conn: &mut Conn, id: ProxyId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select master_key from proxy where id = $1", id.0).fetch_optional(conn).await?)
}

/// Takes the probes that are due, moving their time on, so that one replica does each.
pub async fn take_due_checks(
    conn: &mut Conn,
    now: DateTime<Utc>,
    next: DateTime<Utc>,
) -> Result<Vec<ProxyId>> {
    Ok(sqlx::query_scalar!(
        r#"update proxy set check_due_at = $2 where check_due_at <= $1 returning id as "id: ProxyId""#,
        now,
        next
    )
    .fetch_all(conn)
    .await?)
}

/// Asks for a probe of one proxy, or of all, now.
pub async fn ask_check(conn: &mut Conn, id: Option<ProxyId>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update proxy set check_due_at = $2 where $1::uuid is null or id = $1",
        id.map(|i| i.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub status: ProxyStatus,
    pub code: Option<String>,
    pub message: Option<String>,
    pub litellm_version: Option<String>,
    pub capabilities: Value,
}

/// Writes a finding; `true` when the status is another than before. A proxy that came back has its work due at once.
/// A finding equal to the last one touches the row only every five minutes, so that a quiet fleet writes nothing.
pub async fn record_check(conn: &mut Conn, id: ProxyId, found: &Finding, now: DateTime<Utc>) -> Result<bool> {
    let changed = sqlx::query_scalar!(
        r#"with old as (select id, status from proxy where id = $1 for update)
           update proxy p set
               status = $2, status_since = case when p.status = $2 then p.status_since else $7 end,
               status_code = $3, status_message = $4, litellm_version = coalesce($5, p.litellm_version),
               capabilities = $6, checked_at = $7
           from old
           where p.id = old.id and (
               p.status <> $2 or p.status_code is distinct from $3 or p.status_message is distinct from $4
               or p.litellm_version is distinct from coalesce($5, p.litellm_version) or p.capabilities <> $6
               or p.checked_at is null or p.checked_at < $7::timestamptz - interval '5 minutes')
           returning old.status <> $2 as "changed!""#,
        id.0,
        found.status.as_str(),
        found.code,
        found.message,
        found.litellm_version,
        found.capabilities,
        now
    )
    .fetch_optional(&mut *conn)
    .await?
    .unwrap_or(false);
    if changed && found.status == ProxyStatus::Ready {
        sqlx::query!(
            "update work set next_attempt_at = $2 where proxy_id = $1 and next_attempt_at > $2 and parked_code is null",
            id.0,
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(changed)
}

/// Proxies that agents should begin to avoid, or be sent to again, by `true` or `false`: those that have not answered since
/// `silent_since` or look wiped, and those that have answered again since `back_since` and do not.
pub async fn to_repoint(
    conn: &mut Conn,
    silent_since: DateTime<Utc>,
    back_since: DateTime<Utc>,
) -> Result<Vec<(ProxyId, bool)>> {
    let rows = sqlx::query!(
        r#"select id as "id: ProxyId", not avoided as "avoid!" from proxy
           where (not avoided and (status = 'unreachable' and status_since <= $1 or wiped_since is not null))
              or (avoided and status = 'ready' and status_since <= $2 and wiped_since is null)
           order by name"#,
        silent_since,
        back_since
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.avoid)).collect())
}

/// Says whether agents avoid the proxy; its name, unless it is so already.
pub async fn set_avoided(conn: &mut Conn, id: ProxyId, avoided: bool) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "update proxy set avoided = $2 where id = $1 and avoided <> $2 returning name",
        id.0,
        avoided
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes what the checks found.
pub async fn record_enforcement(
    conn: &mut Conn,
    id: ProxyId,
    results: &[CheckResult],
    enforced: Option<bool>,
    version: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update proxy set enforcement = $2, enforced = $3, enforcement_at = $4, enforcement_version = $5 where id = $1",
        id.0,
        Json(results) as _,
        enforced,
        now,
        version
    )
    .execute(conn)
    .await?;
    Ok(())
}
