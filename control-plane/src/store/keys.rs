//! Generations of realms' virtual keys.

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
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", generation, token, fingerprint,
                  state as "state: KeyState", created_at, retire_after
           from realm_key where $1::uuid is null or realm_id = $1
           order by realm_id, generation desc"#,
        realm.map(|r| r.0)
    )
    .fetch_all(conn)
    .await?)
}

/// Adds a generation, already sealed with its number; the ones before it begin to retire.
pub async fn insert(
    conn: &mut Conn,
    key: &RealmKey,
    sealed: &[u8],
    retire_others_after: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update realm_key set state = 'retiring', retire_after = least(retire_after, $2)
         where realm_id = $1 and state <> 'closing'",
        key.realm_id.0,
        retire_others_after
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into realm_key (id, realm_id, generation, secret, token, fingerprint, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        key.id.0,
        key.realm_id.0,
        key.generation,
        sealed,
        key.token,
        key.fingerprint,
        key.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
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
        r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", generation, token, fingerprint,
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

/// Retiring generations that nobody needs any more: the current one is on every proxy and every approved agent that
/// was offered this realm's key runs the current generation, or the time is up.
pub async fn retirable(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<RealmKey>> {
    Ok(sqlx::query_as!(
        RealmKey,
        r#"select k.id as "id: KeyId", k.realm_id as "realm_id: RealmId", k.generation, k.token, k.fingerprint,
                  k.state as "state: KeyState", k.created_at, k.retire_after
           from realm_key k
           join realm_key c on c.realm_id = k.realm_id and c.state = 'current'
           where k.state = 'retiring' and (
               k.retire_after <= $1
               or (not exists (select 1 from proxy p join realm r on r.id = k.realm_id
                       where p.serves and placement_rank(r.placement, p.name, p.labels) is not null and not exists (
                       select 1 from applied a where a.proxy_id = p.id and a.kind = 'key' and a.object_id = c.id
                       and a.state = 'applied'))
                   and not exists (
                       select 1 from agent_session s
                       join agent a on a.did = s.did and a.status = 'approved' and a.mode = 'realm'
                       join realm_agent m on m.did = s.did and m.realm_id = k.realm_id
                       where s.offered_realm_id = k.realm_id
                         and coalesce(s.applied_key_generation, 0) < c.generation)))
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
