//! Generations of realms' virtual keys.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{KeyId, RealmId},
    domain::{
        error::Result,
        object::Object,
        realm::{KeyState, RealmKey},
    },
};

/// Generations of one realm, newest first; or of every realm.
pub async fn list(conn: &mut Conn, realm: Option<RealmId>) -> Result<Vec<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", did, generation, token, fingerprint,
                  state as "state: KeyState", created_at, retire_after
           from realm_key where $1::uuid is null or realm_id = $1
           order by realm_id, generation desc"#,
        realm.map(|r| r.0)
    )
    .fetch_all(conn)
    .await?)
}

/// Generations of these realms, newest first.
pub async fn of_realms(conn: &mut Conn, realms: &[Uuid]) -> Result<Vec<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", did, generation, token, fingerprint,
                  state as "state: KeyState", created_at, retire_after
           from realm_key where realm_id = any($1) order by realm_id, generation desc"#,
        realms
    )
    .fetch_all(conn)
    .await?)
}

/// How many approved agents, of those that were sent a document of this realm last, say that they run which generation.
pub async fn held(conn: &mut Conn, realm: RealmId) -> Result<HashMap<i64, i64>> {
    let rows = sqlx::query!(
        r#"select s.applied_key_generation as "generation!", count(*) as "agents!"
           from agent_session s join agent a on a.did = s.did and a.status = 'approved' and a.mode = 'realm'
           where s.offered_realm_id = $1 and s.applied_key_generation > 0 group by s.applied_key_generation"#,
        realm.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.generation, r.agents)).collect())
}

/// Adds a generation, already sealed with its number; those before it of the same owner begin to retire.
pub async fn insert(
    conn: &mut Conn,
    key: &RealmKey,
    sealed: &[u8],
    retire_others_after: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update realm_key set state = 'retiring', retire_after = least(retire_after, $2)
         where realm_id = $1 and did is not distinct from $3 and state in ('current', 'retiring')",
        key.realm_id.0,
        retire_others_after,
        key.did
    )
    .execute(&mut *conn)
    .await?;
    add(conn, key, sealed).await
}

/// Adds a generation as it is; the others stay.
pub async fn add(conn: &mut Conn, key: &RealmKey, sealed: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into realm_key (id, realm_id, generation, secret, token, fingerprint, created_at, did, state, retire_after)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        key.id.0,
        key.realm_id.0,
        key.generation,
        sealed,
        key.token,
        key.fingerprint,
        key.created_at,
        key.did,
        key.state as _,
        key.retire_after
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who of the realm has no current key and should: nobody before the first grant, then everybody who shares one (`None`), or each
/// approved member.
pub async fn missing(conn: &mut Conn, realm: RealmId) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar!(
        r#"with owner as (
               select r.id as realm_id, null::text as did from realm r where r.id = $1 and r.key_scope = 'realm'
               union all
               select r.id, m.did from realm r join realm_agent m on m.realm_id = r.id
               join agent a on a.did = m.did and a.status = 'approved' where r.id = $1 and r.key_scope = 'agent'
           )
           select o.did from owner o
           where exists (select 1 from model_grant g where g.realm_id = o.realm_id and g.revoked_at is null)
             and not exists (select 1 from realm_key k where k.realm_id = o.realm_id and k.state = 'current'
                             and k.did is not distinct from o.did)
           order by 1"#,
        realm.0
    )
    .fetch_all(conn)
    .await?)
}

/// Lets the keys retire that are not of the realm's scope any more.
pub async fn retire_other_scope(conn: &mut Conn, realm: RealmId, after: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update realm_key k set state = 'retiring', retire_after = $2 from realm r
         where r.id = $1 and k.realm_id = r.id and k.state = 'current' and (k.did is null) = (r.key_scope = 'agent')",
        realm.0,
        after
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Realms with a current key older than they allow, and whose it is.
pub async fn aged(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> Result<Vec<(RealmId, Option<String>)>> {
    let rows = sqlx::query!(
        r#"select k.realm_id as "realm_id: RealmId", k.did from realm_key k join realm r on r.id = k.realm_id
           where k.state = 'current' and k.created_at <= $1::timestamptz - make_interval(days => r.key_max_age_days)
           order by k.created_at limit $2"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.realm_id, r.did)).collect())
}

/// The key of this hash, of whatever realm.
pub async fn by_token(conn: &mut Conn, token: &str) -> Result<Option<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", did, generation, token, fingerprint,
                  state as "state: KeyState", created_at, retire_after
           from realm_key where token = $1"#,
        token
    )
    .fetch_optional(conn)
    .await?)
}

/// Ids of all generations of a realm.
pub async fn ids(conn: &mut Conn, realm: RealmId) -> Result<Vec<KeyId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: KeyId" from realm_key where realm_id = $1 order by generation desc"#,
        realm.0
    )
    .fetch_all(conn)
    .await?)
}

/// Blocks generations everywhere, those that are not yet; what each proxy has to refuse from now on.
pub async fn close(conn: &mut Conn, keys: &[KeyId], now: DateTime<Utc>) -> Result<Vec<Object>> {
    let ids: Vec<Uuid> = keys.iter().map(|k| k.0).collect();
    let closing = sqlx::query_scalar!(
        "with closing as (
             update realm_key set state = 'closing' where id = any($1) and state <> 'closing' returning id, realm_id
         )
         insert into revocation (id, realm_id, model_name, began_at, key_id)
         select c.id, c.realm_id, coalesce((
                    select m.litellm_model_name from model_grant g join model m on m.id = g.model_id
                    where g.realm_id = c.realm_id order by g.revoked_at is not null, g.created_at limit 1), ''), $2, c.id
         from closing c returning id",
        &ids,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(closing.into_iter().map(Object::revocation).collect())
}

/// Closing generations that every proxy was proven to refuse.
pub async fn refused(conn: &mut Conn) -> Result<Vec<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", did, generation, token, fingerprint,
                  state as "state: KeyState", created_at, retire_after
           from realm_key k
           where state = 'closing' and closing_revision is not null
             and not exists (select 1 from change_effect e join proxy p on p.id = e.proxy_id
                             where e.revision = k.closing_revision and e.object_id = k.id and e.done_at is null)
           order by realm_id, generation"#
    )
    .fetch_all(conn)
    .await?)
}

/// Forgets a generation: from here on it is to be absent from every proxy.
pub async fn delete(conn: &mut Conn, id: KeyId) -> Result<bool> {
    Ok(sqlx::query!("delete from realm_key where id = $1", id.0).execute(conn).await?.rows_affected() == 1)
}

/// Retiring generations that nobody needs any more: what replaces them is on every proxy, and every approved agent that was
/// offered this realm's key runs what replaces it, or the time is up. Adopted ones, when their time is up.
pub async fn retirable(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select k.id as "id: KeyId", k.realm_id as "realm_id: RealmId", k.did, k.generation, k.token, k.fingerprint,
                  k.state as "state: KeyState", k.created_at, k.retire_after
           from realm_key k join realm r on r.id = k.realm_id
           where (k.state in ('retiring', 'adopted') and k.retire_after <= $1)
               or (k.state = 'retiring' and not exists (
                       select 1 from realm_key c cross join proxy p
                       where c.realm_id = k.realm_id and c.state = 'current'
                         and (k.did is null or c.did is null or c.did = k.did)
                         and p.serves and placement_rank(r.placement, p.name, p.labels) is not null and not exists (
                             select 1 from applied a where a.proxy_id = p.id and a.kind = 'key' and a.object_id = c.id
                             and a.state = 'applied'))
                   and not exists (
                       select 1 from agent_session s
                       join agent a on a.did = s.did and a.status = 'approved' and a.mode = 'realm'
                       join realm_agent m on m.did = s.did and m.realm_id = k.realm_id
                       left join realm_key c on c.realm_id = k.realm_id and c.state = 'current'
                            and c.did is not distinct from case r.key_scope when 'agent' then s.did end
                       where s.offered_realm_id = k.realm_id and (k.did is null or k.did = s.did)
                         and not is_frozen('agent', s.did)
                         and (c.id is null or coalesce(s.applied_key_generation, 0) < c.generation)))
           order by k.realm_id, k.generation"#,
        now
    )
    .fetch_all(conn)
    .await?)
}

/// The realm of a generation that is still there.
pub async fn realm_of(conn: &mut Conn, id: KeyId) -> Result<Option<RealmId>> {
    Ok(sqlx::query_scalar!(r#"select realm_id as "realm_id: RealmId" from realm_key where id = $1"#, id.0)
        .fetch_optional(conn)
        .await?)
}
