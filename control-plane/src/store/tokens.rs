//! API tokens.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ApiTokenId, RealmId},
    domain::{api_token::ApiToken, error::Result, role::Role},
};

/// Which tokens to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub id: Option<ApiTokenId>,
    /// Of one that was not revoked.
    pub name: Option<&'a str>,
    /// Its hash, or that of the text before its last rotation while that counts at this time.
    pub hash: Option<(&'a str, DateTime<Utc>)>,
    /// Only tokens for nothing but these realms.
    pub among: Option<&'a [Uuid]>,
    pub after: Option<ApiTokenId>,
    pub limit: i64,
}

/// Newest first.
pub async fn list(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<ApiToken>> {
    let rows = sqlx::query!(
        r#"select id as "id: ApiTokenId", name, fingerprint, role, permissions, realm_ids, expires_at, last_used_at,
                  last_used_address, rotated_at, previous_until, revoked_at, created_at, created_by
           from api_token
           where ($1::uuid is null or id = $1) and ($2::text is null or (name = $2 and revoked_at is null))
             and ($3::text is null or token_hash = $3 or (previous_hash = $3 and previous_until > $4))
             and ($5::uuid[] is null or realm_ids <@ $5) and ($6::uuid is null or id < $6)
           order by id desc limit $7"#,
        filter.id.map(|i| i.0),
        filter.name,
        filter.hash.map(|(hash, _)| hash),
        filter.hash.map(|(_, now)| now),
        filter.among,
        filter.after.map(|i| i.0),
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| ApiToken {
            id: r.id,
            name: r.name,
            fingerprint: r.fingerprint,
            role: r.role.as_deref().and_then(Role::parse),
            // What this version does not know, it does not give.
            permissions: r.permissions.iter().filter_map(|p| p.parse().ok()).collect(),
            realm_ids: r.realm_ids.map(|ids| ids.into_iter().map(RealmId).collect()),
            expires_at: r.expires_at,
            last_used_at: r.last_used_at,
            last_used_address: r.last_used_address,
            rotated_at: r.rotated_at,
            previous_until: r.previous_until,
            revoked_at: r.revoked_at,
            created_at: r.created_at,
            created_by: r.created_by,
        })
        .collect())
}

pub async fn insert(conn: &mut Conn, t: &ApiToken, token_hash: &str) -> Result<(), sqlx::Error> {
    let permissions: Vec<String> = t.permissions.iter().map(|p| p.as_str().to_owned()).collect();
    let realms: Option<Vec<Uuid>> = t.realm_ids.as_ref().map(|ids| ids.iter().map(|r| r.0).collect());
    sqlx::query!(
        "insert into api_token (id, name, token_hash, fingerprint, role, permissions, realm_ids, expires_at, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        t.id.0,
        t.name,
        token_hash,
        t.fingerprint,
        t.role.map(Role::as_str),
        &permissions,
        realms.as_deref(),
        t.expires_at,
        t.created_at,
        t.created_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the row for an edit.
pub async fn lock(conn: &mut Conn, id: ApiTokenId) -> Result<()> {
    sqlx::query!("select id from api_token where id = $1 for update", id.0).fetch_optional(conn).await?;
    Ok(())
}

/// Gives a token another text; the one before counts until `previous_until`.
pub async fn replace_hash(
    conn: &mut Conn,
    id: ApiTokenId,
    hash: &str,
    fingerprint: &str,
    previous_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update api_token set previous_hash = case when $4::timestamptz is null then null else token_hash end,
             previous_until = $4, token_hash = $2, fingerprint = $3, rotated_at = $5
         where id = $1",
        id.0,
        hash,
        fingerprint,
        previous_until,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a token.
pub async fn revoke(conn: &mut Conn, id: ApiTokenId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update api_token set revoked_at = $2 where id = $1 and revoked_at is null", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Remembers a use, at most once a minute.
pub async fn used(conn: &mut Conn, id: ApiTokenId, address: Option<&str>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update api_token set last_used_at = $2, last_used_address = $3
         where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')",
        id.0,
        now,
        address
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a token that counts has this role everywhere.
pub async fn has_role(conn: &mut Conn, role: Role, now: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from api_token where role = $1 and realm_ids is null and revoked_at is null
                          and expires_at > $2) as "e!""#,
        role.as_str(),
        now
    )
    .fetch_one(conn)
    .await?)
}
