//! Realms and membership.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{Conn, freezes};
use crate::{
    base::{
        ids::{ModelId, ProxyId, RealmId},
        page::{OrderedRequest, PageRequest, Place},
    },
    domain::{
        agent::Membership,
        error::Result,
        freeze::FreezeKind,
        placement::Placement,
        realm::{KeyScope, Realm},
    },
};

async fn select(
    conn: &mut Conn,
    id: Option<RealmId>,
    slug: Option<&str>,
    default_only: bool,
    among: Option<&[Uuid]>,
) -> Result<Vec<Realm>> {
    let rows = sqlx::query!(
        r#"select id as "id: RealmId", slug, name, description, is_default,
                  default_model_id as "default_model_id: ModelId", monthly_budget_usd,
                  placement as "placement: Json<Placement>", key_scope as "key_scope: KeyScope", key_max_age_days, version, created_at, updated_at
           from realm
           where ($1::uuid is null or id = $1) and ($2::text is null or slug = $2) and (not $3 or is_default)
             and ($4::uuid[] is null or id = any($4))
           order by slug"#,
        id.map(|id| id.0),
        slug,
        default_only,
        among
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Realm {
            id: r.id,
            slug: r.slug,
            name: r.name,
            description: r.description,
            is_default: r.is_default,
            default_model_id: r.default_model_id,
            monthly_budget_usd: r.monthly_budget_usd,
            placement: r.placement.0,
            key_scope: r.key_scope,
            key_max_age_days: r.key_max_age_days,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
        .collect())
}

pub async fn get(conn: &mut Conn, id: RealmId) -> Result<Option<Realm>> {
    Ok(select(conn, Some(id), None, false, None).await?.pop())
}

pub async fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Realm>> {
    Ok(select(conn, None, Some(slug), false, None).await?.pop())
}

/// The realm of agents that were enrolled without one.
pub async fn default(conn: &mut Conn) -> Result<Option<Realm>> {
    Ok(select(conn, None, None, true, None).await?.pop())
}

/// By slug, those among the given ones.
pub async fn list(conn: &mut Conn, among: Option<&[Uuid]>) -> Result<Vec<Realm>> {
    select(conn, None, None, false, among).await
}

/// Which realms to find; all filters must match.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub among: Option<&'a [Uuid]>,
    /// Part of the slug or name, case-insensitive.
    pub search: Option<&'a str>,
    /// Whether a model is granted to it.
    pub granted: Option<bool>,
    pub frozen: Option<bool>,
    /// By `slug`, `name`, `created` or `members`.
    pub page: &'a OrderedRequest,
}

/// Ids, in the order asked for; one more than asked for.
pub async fn find(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<Place>> {
    let (after_key, after_id) = filter.page.after();
    Ok(sqlx::query_as!(
        Place,
        r#"select k.key as "key!", r.id::text as "id!"
           from realm r
           cross join lateral (select (case $1::text
               when 'name' then lower(r.name)
               when 'created' then to_char(r.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
               when 'members' then lpad((select count(*) from realm_agent m where m.realm_id = r.id)::text, 12, '0')
               else r.slug end) collate "C" as key) k
           where ($2::uuid[] is null or r.id = any($2))
             and ($3::text is null or strpos(lower(r.slug || ' ' || r.name), lower($3)) > 0)
             and ($8::bool is null or $8 = exists (
                 select 1 from model_grant g where g.realm_id = r.id and g.revoked_at is null))
             and ($9::bool is null or $9 = is_frozen('realm', r.id::text))
             and ($4::text is null or case when $6
                 then k.key < $4 or (k.key = $4 and r.id::text > $5)
                 else k.key > $4 or (k.key = $4 and r.id::text > $5) end)
           order by case when $6::bool then k.key end desc, case when not $6 then k.key end, r.id::text
           limit $7"#,
        filter.page.order.by,
        filter.among,
        filter.search,
        after_key,
        after_id,
        filter.page.order.down,
        filter.page.limit + 1,
        filter.granted,
        filter.frozen
    )
    .fetch_all(conn)
    .await?)
}

/// Locks the row for an edit and says which version it has. Grants, revokes and rotations of a realm take this lock
/// first, so that they happen one after the other.
pub async fn lock(conn: &mut Conn, id: RealmId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select version from realm where id = $1 for update", id.0)
        .fetch_optional(conn)
        .await?)
}

/// Inserts; taking over as the default realm from whichever was.
/// Whether its placement names the proxy.
pub async fn is_served(conn: &mut Conn, id: RealmId, proxy: ProxyId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select placement_rank(r.placement, p.name, p.labels) is not null as "e!"
           from realm r join proxy p on p.id = $2 and p.serves where r.id = $1"#,
        id.0,
        proxy.0
    )
    .fetch_optional(conn)
    .await?
    .unwrap_or(false))
}

pub async fn insert(conn: &mut Conn, r: &Realm) -> Result<(), sqlx::Error> {
    if r.is_default {
        clear_default(conn).await?;
    }
    sqlx::query!(
        "insert into realm (id, slug, name, description, is_default, default_model_id, monthly_budget_usd, created_at, updated_at,
                            placement, key_scope, key_max_age_days)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)",
        r.id.0,
        r.slug,
        r.name,
        r.description,
        r.is_default,
        r.default_model_id.map(|m| m.0),
        r.monthly_budget_usd,
        r.created_at,
        Json(&r.placement) as _,
        r.key_scope.as_str(),
        r.key_max_age_days
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what may be edited; the slug stays.
pub async fn update(conn: &mut Conn, r: &Realm, now: DateTime<Utc>) -> Result<bool> {
    if r.is_default {
        clear_default(conn).await?;
    }
    let done = sqlx::query!(
        "update realm set name = $2, description = $3, is_default = $4, default_model_id = $5,
                monthly_budget_usd = $6, placement = $8, key_scope = $9, key_max_age_days = $10, updated_at = $7, version = version + 1
         where id = $1",
        r.id.0,
        r.name,
        r.description,
        r.is_default,
        r.default_model_id.map(|m| m.0),
        r.monthly_budget_usd,
        now,
        Json(&r.placement) as _,
        r.key_scope.as_str(),
        r.key_max_age_days
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn clear_default(conn: &mut Conn) -> Result<(), sqlx::Error> {
    sqlx::query!("update realm set is_default = false where is_default").execute(conn).await?;
    Ok(())
}

/// Takes the next generation number of the realm's keys. The realm is locked by the caller.
pub async fn next_generation(conn: &mut Conn, id: RealmId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "update realm set key_generation = key_generation + 1 where id = $1 returning key_generation",
        id.0
    )
    .fetch_one(conn)
    .await?)
}

/// Removes the realm with its grants and memberships; its keys stay until they are proven refused.
pub async fn delete(conn: &mut Conn, id: RealmId) -> Result<bool> {
    freezes::delete(conn, FreezeKind::Realm, &id.to_string()).await?;
    Ok(sqlx::query!("delete from realm where id = $1", id.0).execute(conn).await?.rows_affected() == 1)
}

/// Memberships of one realm or of one agent, by agent.
pub async fn members(
    conn: &mut Conn,
    realm: Option<RealmId>,
    did: Option<&str>,
    page: &PageRequest,
) -> Result<Vec<Membership>> {
    Ok(sqlx::query_as!(
        Membership,
        r#"select realm_id as "realm_id: RealmId", did, is_primary, joined_at from realm_agent
           where ($1::uuid is null or realm_id = $1) and ($2::text is null or did = $2)
             and ($3::text is null or did > $3)
           order by did, joined_at limit $4"#,
        realm.map(|r| r.0),
        did,
        page.after,
        page.limit + 1
    )
    .fetch_all(conn)
    .await?)
}

/// Joins, or changes whether the realm is the agent's primary one. The first realm of an agent is primary. `false`
/// when nothing changed.
pub async fn join(
    conn: &mut Conn,
    realm: RealmId,
    did: &str,
    primary: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let first = sqlx::query_scalar!(
        r#"select not exists (select 1 from realm_agent where did = $1) as "first!""#,
        did
    )
    .fetch_one(&mut *conn)
    .await?;
    if primary {
        sqlx::query!(
            "update realm_agent set is_primary = false where did = $1 and is_primary and realm_id <> $2",
            did,
            realm.0
        )
        .execute(&mut *conn)
        .await?;
    }
    let done = sqlx::query!(
        "insert into realm_agent (realm_id, did, is_primary, joined_at) values ($1, $2, $3, $4)
         on conflict (realm_id, did) do update set is_primary = true where $5 and not realm_agent.is_primary",
        realm.0,
        did,
        primary || first,
        now,
        primary
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves; when it was the primary one, the realm joined first becomes it. `false` when it was no member.
pub async fn leave(conn: &mut Conn, realm: RealmId, did: &str) -> Result<bool> {
    let was = sqlx::query_scalar!(
        "delete from realm_agent where realm_id = $1 and did = $2 returning is_primary",
        realm.0,
        did
    )
    .fetch_optional(&mut *conn)
    .await?;
    if was == Some(true) {
        sqlx::query!(
            "update realm_agent set is_primary = true where did = $1 and realm_id =
                 (select realm_id from realm_agent where did = $1 order by joined_at, realm_id limit 1)",
            did
        )
        .execute(conn)
        .await?;
    }
    Ok(was.is_some())
}

/// Grants that hold and members of some realms: `(realm, grants, members)`.
pub async fn counts(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<(RealmId, i64, i64)>> {
    let rows = sqlx::query!(
        r#"select r.id as "id: RealmId",
                  (select count(*) from model_grant g where g.realm_id = r.id and g.revoked_at is null) as "grants!",
                  (select count(*) from realm_agent m where m.realm_id = r.id) as "members!"
           from realm r where r.id = any($1)"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.grants, r.members)).collect())
}

/// A realm of an agent.
#[derive(Clone, Debug)]
pub struct OfAgent {
    pub did: String,
    pub realm_id: RealmId,
    pub slug: String,
    pub name: String,
    pub is_primary: bool,
}

/// Realms of some agents, the primary one first, then in the order they joined.
pub async fn of_agents(conn: &mut Conn, dids: &[String]) -> Result<Vec<OfAgent>> {
    Ok(sqlx::query_as!(
        OfAgent,
        r#"select m.did, m.realm_id as "realm_id: RealmId", r.slug, r.name, m.is_primary
           from realm_agent m join realm r on r.id = m.realm_id
           where m.did = any($1) order by m.did, m.is_primary desc, m.joined_at, m.realm_id"#,
        dids
    )
    .fetch_all(conn)
    .await?)
}

/// DIDs of all members.
pub async fn member_dids(conn: &mut Conn, id: RealmId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select did from realm_agent where realm_id = $1 order by did", id.0)
        .fetch_all(conn)
        .await?)
}
