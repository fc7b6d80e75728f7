//! Enrolment tokens and agents' used proofs.

use chrono::{DateTime, Utc};

use super::Conn;
use crate::{
    base::ids::EnrollmentTokenId,
    domain::{agent::EnrollmentToken, error::Result},
};

/// Newest first; reads at most `limit` older than `after`. With `among`, only tokens for nothing but these realms.
pub async fn list(
    conn: &mut Conn,
    id: Option<EnrollmentTokenId>,
    among: Option<&[uuid::Uuid]>,
    after: Option<EnrollmentTokenId>,
    limit: i64,
) -> Result<Vec<EnrollmentToken>> {
    Ok(sqlx::query_as!(
        EnrollmentToken,
        r#"select id as "id: EnrollmentTokenId", fingerprint, realm_ids, max_uses, uses, expires_at, revoked_at,
                  created_at, created_by
           from enrollment_token
           where ($1::uuid is null or id = $1) and ($2::uuid is null or id < $2)
             and ($3::uuid[] is null or (realm_ids <> '{}' and realm_ids <@ $3))
           order by id desc limit $4"#,
        id.map(|i| i.0),
        after.map(|i| i.0),
        among,
        limit
    )
    .fetch_all(conn)
    .await?)
}

pub async fn insert(conn: &mut Conn, t: &EnrollmentToken, token_hash: &str) -> Result<()> {
    sqlx::query!(
        "insert into enrollment_token (id, token_hash, fingerprint, realm_ids, max_uses, expires_at, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        t.id.0,
        token_hash,
        t.fingerprint,
        &t.realm_ids,
        t.max_uses,
        t.expires_at,
        t.created_at,
        t.created_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Finds a token by its hash and locks it, so that its uses are counted right.
pub async fn lock_by_hash(conn: &mut Conn, token_hash: &str) -> Result<Option<EnrollmentToken>> {
    Ok(sqlx::query_as!(
        EnrollmentToken,
        r#"select id as "id: EnrollmentTokenId", fingerprint, realm_ids, max_uses, uses, expires_at, revoked_at,
                  created_at, created_by
           from enrollment_token where token_hash = $1 for update"#,
        token_hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Counts a use.
pub async fn use_once(conn: &mut Conn, id: EnrollmentTokenId) -> Result<()> {
    sqlx::query!("update enrollment_token set uses = uses + 1 where id = $1", id.0).execute(conn).await?;
    Ok(())
}

/// Ends a token; `false` when it was ended already or is unknown.
pub async fn revoke(conn: &mut Conn, id: EnrollmentTokenId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update enrollment_token set revoked_at = $2 where id = $1 and revoked_at is null",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up a proof: `false` when it was used before, on this replica or another.
pub async fn use_proof(conn: &mut Conn, did: &str, jti: &str, expires_at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into used_proof (did, jti, expires_at) values ($1, $2, $3) on conflict do nothing",
        did,
        jti,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets proofs that would no longer be accepted anyway.
pub async fn purge_proofs(conn: &mut Conn, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from used_proof where expires_at < $1", now).execute(conn).await?.rows_affected())
}
