//! Who this installation is: made once, at the first start of the first replica.

use chrono::{DateTime, Utc};

use super::Conn;
use crate::{
    base::ids::{InstallationId, ReplicaId},
    domain::error::{Error, Result},
};

pub struct Installation {
    pub id: InstallationId,
    /// A known text sealed with the newest key-encryption key.
    pub kek_canary: Vec<u8>,
    /// Hex SHA-256 of the generated bootstrap admin token.
    pub admin_token_hash: Option<String>,
}

/// Writes the row unless another replica was first; returns what is there, and whether it is ours.
pub async fn create_or_get(
    conn: &mut Conn,
    new: &Installation,
    now: DateTime<Utc>,
) -> Result<(Installation, bool)> {
    let created = sqlx::query!(
        "insert into installation (id, kek_canary, admin_token_hash, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        new.id.0,
        new.kek_canary,
        new.admin_token_hash,
        now
    )
    .execute(&mut *conn)
    .await?
    .rows_affected()
        == 1;
    let row = get(conn).await?.ok_or_else(|| Error::internal("the installation's row is gone"))?;
    Ok((row, created))
}

/// The row, if this database was ever started on.
pub async fn get(conn: &mut Conn) -> Result<Option<Installation>> {
    Ok(sqlx::query_as!(
        Installation,
        r#"select id as "id: InstallationId", kek_canary, admin_token_hash from installation"#
    )
    .fetch_optional(conn)
    .await?)
}

/// Replaces the hash of the generated admin token.
pub async fn set_admin_token_hash(conn: &mut Conn, hash: &str) -> Result<()> {
    sqlx::query!("update installation set admin_token_hash = $1", hash).execute(conn).await?;
    Ok(())
}

/// Says that a replica lives.
pub async fn replica_seen(conn: &mut Conn, id: ReplicaId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into replica (id, started_at, seen_at) values ($1, $2, $2)
         on conflict (id) do update set seen_at = excluded.seen_at",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets a replica that stops, or those not seen since `before`, and marks their sessions as ended.
pub async fn replicas_gone(
    conn: &mut Conn,
    id: Option<ReplicaId>,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "with gone as (
             delete from replica where id = $1 or seen_at < $2 returning id
         )
         update agent_session s set replica_id = null, disconnected_at = $3
         where s.replica_id is not null
           and (s.replica_id in (select id from gone) or not exists (select 1 from replica r where r.id = s.replica_id))",
        id.map(|id| id.0),
        before,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
