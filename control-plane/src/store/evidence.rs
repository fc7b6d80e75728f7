//! Rights that were taken away, and what each proxy answered when it was asked with them.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Conn, Store, desired::realm_key_at};
use crate::{
    base::{
        ids::{KeyId, ModelId, ProxyId, RealmId},
        secret::Secret,
    },
    domain::{
        change::Revision,
        error::{Error, Result},
        object::Object,
    },
};

/// A right, or a whole key, that one proxy has to refuse.
#[derive(Debug)]
pub struct RevokedRight {
    pub model_name: String,
    pub began_at: DateTime<Utc>,
    /// The realm may use the model again: there is nothing to refuse any more.
    pub granted_again: bool,
    /// When team and keys were read back without the right; `None` while that is still to be done.
    pub closed_at: Option<DateTime<Utc>>,
    /// When the proxy last let a key through.
    pub allowed_at: Option<DateTime<Utc>>,
    /// How long the proxy's instances may serve it after that.
    pub cache_lag: TimeDelta,
    /// Generations of the realm's virtual key, which had the right; or the one that is closed.
    pub keys: Vec<(i64, Secret)>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub revocation_id: Uuid,
    pub proxy_id: ProxyId,
    pub key_generation: i64,
    pub at: DateTime<Utc>,
    /// `refused` or `allowed`.
    pub answer: String,
    /// HTTP status.
    pub status: i32,
}

impl Store {
    /// What a proxy has to refuse since `revision`; `None` when that is long past.
    pub async fn revoked_right(
        &self,
        proxy: ProxyId,
        id: Uuid,
        revision: Revision,
    ) -> Result<Option<RevokedRight>> {
        let mut conn = self.conn().await?;
        let Some(row) = sqlx::query!(
            r#"select r.realm_id, r.model_name, r.began_at, r.key_id, p.cache_lag_seconds,
                      case when is_frozen('realm', r.realm_id::text) or proxy_stopped(p.id) then false
                           when r.key_id is null then exists (
                               select 1 from model_grant g join model m on m.id = g.model_id
                               where g.realm_id = r.realm_id and m.litellm_model_name = r.model_name and m.status = 'active'
                                 and g.revoked_at is null and not is_frozen('model', m.id::text))
                           else exists (
                               select 1 from realm_key k where k.id = r.key_id and k.state <> 'closing'
                                 and (k.did is null or not is_frozen('agent', k.did)))
                      end as "granted_again!",
                      (select bool_and(e.done_at is not null) from change_effect e
                       where e.revision = $3 and e.proxy_id = $2 and e.kind in ('team', 'key')
                         and (r.key_id is null or e.object_id = r.key_id)) as closed,
                      (select max(e.done_at) from change_effect e
                       where e.revision = $3 and e.proxy_id = $2 and e.kind in ('team', 'key')
                         and (r.key_id is null or e.object_id = r.key_id)) as closed_at,
                      (select max(at) from evidence
                       where revocation_id = $1 and proxy_id = $2 and answer = 'allowed') as allowed_at
               from revocation r join proxy p on p.id = $2 where r.id = $1"#,
            id,
            proxy.0,
            revision
        )
        .fetch_optional(&mut *conn)
        .await?
        else {
            return Ok(None);
        };
        let sealed = sqlx::query!(
            r#"select id as "id: KeyId", generation, secret from realm_key
               where realm_id = $1 and ($2::uuid is null or id = $2) order by generation"#,
            row.realm_id,
            row.key_id
        )
        .fetch_all(&mut *conn)
        .await?;
        let open = |id, generation, sealed: &[u8]| {
            let secret = self.sealer.open(&realm_key_at(id), generation, sealed).map_err(Error::internal)?;
            Ok((generation, secret))
        };
        Ok(Some(RevokedRight {
            model_name: row.model_name,
            began_at: row.began_at,
            granted_again: row.granted_again,
            closed_at: row.closed_at.filter(|_| row.closed == Some(true)),
            allowed_at: row.allowed_at,
            cache_lag: TimeDelta::seconds(row.cache_lag_seconds.into()),
            keys: sealed.iter().map(|k| open(k.id, k.generation, &k.secret)).collect::<Result<_>>()?,
        }))
    }
}

/// A right that ends although its grant stays, since the model is set inactive; what each proxy has to refuse from now on.
pub async fn suspend(
    conn: &mut Conn,
    id: Uuid,
    realm: RealmId,
    model: ModelId,
    now: DateTime<Utc>,
) -> Result<Option<Object>> {
    let id = sqlx::query_scalar!(
        "insert into revocation (id, realm_id, model_name, began_at)
         select $1, g.realm_id, m.litellm_model_name, $4 from model_grant g join model m on m.id = g.model_id
         where g.realm_id = $2 and g.model_id = $3 and g.revoked_at is null returning id",
        id,
        realm.0,
        model.0,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(Object::revocation))
}

/// Keys that are blocked for the time that something is frozen, everywhere or on one proxy; what each has to refuse from now on.
pub async fn suspend_keys(
    conn: &mut Conn,
    keys: &[(Uuid, KeyId)],
    proxy: Option<ProxyId>,
    now: DateTime<Utc>,
) -> Result<Vec<Object>> {
    let (ids, keys): (Vec<Uuid>, Vec<Uuid>) = keys.iter().map(|(id, key)| (*id, key.0)).unzip();
    let ids = sqlx::query_scalar!(
        "insert into revocation (id, realm_id, model_name, began_at, key_id)
         select s.id, k.realm_id, coalesce((
                    select m.litellm_model_name from model_grant g join model m on m.id = g.model_id
                    where g.realm_id = k.realm_id order by g.revoked_at is not null, g.created_at limit 1), ''), $4, k.id
         from unnest($1::uuid[], $2::uuid[]) as s (id, key_id) join realm_key k on k.id = s.key_id
         where k.state <> 'closing'
           and ($3::uuid is null or exists (select 1 from applied a where a.proxy_id = $3 and a.kind = 'key' and a.object_id = k.id))
         returning id",
        &ids,
        &keys,
        proxy.map(|p| p.0),
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(Object::revocation).collect())
}

/// Who lost the right.
pub async fn realm_of(conn: &mut Conn, revocation: Uuid) -> Result<Option<RealmId>> {
    Ok(sqlx::query_scalar!(r#"select realm_id as "id: RealmId" from revocation where id = $1"#, revocation)
        .fetch_optional(conn)
        .await?)
}

pub async fn insert(conn: &mut Conn, e: &Evidence) -> Result<()> {
    sqlx::query!(
        "insert into evidence (revocation_id, proxy_id, key_generation, at, answer, status)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        e.revocation_id,
        e.proxy_id.0,
        e.key_generation,
        e.at,
        e.answer,
        e.status
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the proxies answered about these rights, oldest first.
pub async fn list(conn: &mut Conn, revocations: &[Uuid]) -> Result<Vec<Evidence>> {
    Ok(sqlx::query_as!(
        Evidence,
        r#"select revocation_id, proxy_id as "proxy_id: ProxyId", key_generation, at, answer, status
           from evidence where revocation_id = any($1) order by at, key_generation"#,
        revocations
    )
    .fetch_all(conn)
    .await?)
}

/// Makes the realm's revocations on the proxy due now: what they waited for may be there.
pub async fn wake(conn: &mut Conn, proxy: ProxyId, realms: &[RealmId], now: DateTime<Utc>) -> Result<()> {
    let realms: Vec<Uuid> = realms.iter().map(|r| r.0).collect();
    sqlx::query!(
        "update work w set next_attempt_at = $3 from revocation r
         where w.proxy_id = $1 and w.kind = 'revocation' and w.object_id = r.id and r.realm_id = any($2)
           and w.next_attempt_at > $3 and w.attempts = 0 and w.parked_code is null",
        proxy.0,
        &realms,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets rights that were taken away before `before`, with their evidence; those still under way stay.
pub async fn purge(conn: &mut Conn, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!(
        "delete from revocation r where began_at < $1
         and not exists (select 1 from work w where w.kind = 'revocation' and w.object_id = r.id)",
        before
    )
    .execute(conn)
    .await?
    .rows_affected())
}
