//! Grants, and their way out.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ModelId, RealmId},
    domain::{error::Result, grant::Grant, object::Object},
};

/// Grants of a realm or of a model, oldest first; those taken away only while they are still `revoking`.
pub async fn list(conn: &mut Conn, realm: Option<RealmId>, model: Option<ModelId>) -> Result<Vec<Grant>> {
    Ok(sqlx::query_as!(
        Grant,
        r#"select id, realm_id as "realm_id: RealmId", model_id as "model_id: ModelId", expires_at, reason, created_at,
                  created_by, revoked_at, revoke_revision, done_at
           from model_grant
           where ($1::uuid is null or realm_id = $1) and ($2::uuid is null or model_id = $2) and done_at is null
           order by created_at, id"#,
        realm.map(|r| r.0),
        model.map(|m| m.0)
    )
    .fetch_all(conn)
    .await?)
}

/// The grant that holds, if any.
pub async fn live(conn: &mut Conn, realm: RealmId, model: ModelId) -> Result<Option<Grant>> {
    let grants = list(conn, Some(realm), Some(model)).await?;
    Ok(grants.into_iter().find(|g| g.revoked_at.is_none()))
}

pub async fn insert(conn: &mut Conn, g: &Grant) -> Result<()> {
    sqlx::query!(
        "insert into model_grant (id, realm_id, model_id, expires_at, reason, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7)",
        g.id,
        g.realm_id.0,
        g.model_id.0,
        g.expires_at,
        g.reason,
        g.created_at,
        g.created_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes end and reason of a grant that holds.
pub async fn update(
    conn: &mut Conn,
    id: Uuid,
    expires_at: Option<DateTime<Utc>>,
    reason: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "update model_grant set expires_at = $2, reason = $3 where id = $1 and revoked_at is null",
        id,
        expires_at,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a right away, with every choice that rests on it: an agent that had the model chosen for it, and a realm
/// whose default it was, do not get it back by a later grant. Returns what each proxy has to refuse from now on; `None` when
/// there was no such right.
pub async fn revoke(
    conn: &mut Conn,
    realm: RealmId,
    model: ModelId,
    now: DateTime<Utc>,
) -> Result<Option<Object>> {
    let grant = sqlx::query_scalar!(
        "with ended as (
             update model_grant set revoked_at = $3 where realm_id = $1 and model_id = $2 and revoked_at is null
             returning id
         )
         insert into revocation (id, realm_id, model_name, began_at)
         select ended.id, $1, m.litellm_model_name, $3 from ended join model m on m.id = $2 returning id",
        realm.0,
        model.0,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query!(
        "update agent set realm_id = null, model_id = null where mode = 'realm' and realm_id = $1 and model_id = $2",
        realm.0,
        model.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update realm set default_model_id = null, version = version + 1 where id = $1 and default_model_id = $2",
        realm.0,
        model.0
    )
    .execute(conn)
    .await?;
    Ok(grant.map(Object::revocation))
}

/// Rights whose time is up, oldest first.
pub async fn expired(conn: &mut Conn, now: DateTime<Utc>, limit: i64) -> Result<Vec<(RealmId, ModelId)>> {
    let rows = sqlx::query!(
        r#"select realm_id as "realm_id: RealmId", model_id as "model_id: ModelId" from model_grant
           where revoked_at is null and expires_at <= $1 order by expires_at limit $2"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.realm_id, r.model_id)).collect())
}

/// Closes revocations, of one realm or of all, whose every effect is done: no proxy of the fleet holds the right any more.
pub async fn settle(conn: &mut Conn, realm: Option<RealmId>, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "update model_grant g set done_at = $2
         where ($1::uuid is null or g.realm_id = $1) and g.revoked_at is not null and g.done_at is null and g.revoke_revision is not null
           and not exists (select 1 from change_effect e join proxy p on p.id = e.proxy_id
                           where e.revision = g.revoke_revision and e.done_at is null)",
        realm.map(|r| r.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// How many revocations are under way, and since when the oldest.
pub async fn revoking(conn: &mut Conn) -> Result<(i64, Option<DateTime<Utc>>)> {
    let row = sqlx::query!(
        r#"select count(*) as "count!", min(revoked_at) as oldest from model_grant
           where revoked_at is not null and done_at is null"#
    )
    .fetch_one(conn)
    .await?;
    Ok((row.count, row.oldest))
}

/// The newest grant of this pair, whatever became of it.
pub async fn newest(conn: &mut Conn, realm: RealmId, model: ModelId) -> Result<Option<Grant>> {
    Ok(sqlx::query_as!(
        Grant,
        r#"select id, realm_id as "realm_id: RealmId", model_id as "model_id: ModelId", expires_at, reason, created_at,
                  created_by, revoked_at, revoke_revision, done_at
           from model_grant where realm_id = $1 and model_id = $2 order by created_at desc, id desc limit 1"#,
        realm.0,
        model.0
    )
    .fetch_optional(conn)
    .await?)
}
