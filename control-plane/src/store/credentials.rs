//! Provider credentials: sealed keys and what may be shown of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::{ids::CredentialId, page::PageRequest},
    domain::{credential::Credential, error::Result},
};

async fn select(
    conn: &mut Conn,
    id: Option<CredentialId>,
    name: Option<&str>,
    named_only: bool,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Credential>> {
    Ok(sqlx::query_as!(
        Credential,
        r#"select id as "id: CredentialId", name, provider, fingerprint, generation, version, created_at, updated_at
           from provider_credential
           where ($1::uuid is null or id = $1) and ($2::text is null or name = $2) and (not $3 or name is not null)
             and ($4::text is null or name > $4)
           order by name limit $5"#,
        id.map(|id| id.0),
        name,
        named_only,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

pub async fn get(conn: &mut Conn, id: CredentialId) -> Result<Option<Credential>> {
    Ok(select(conn, Some(id), None, false, None, 1).await?.pop())
}

pub async fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Credential>> {
    Ok(select(conn, None, Some(name), true, None, 1).await?.pop())
}

/// Named ones, by name; reads one more than asked for.
pub async fn list(conn: &mut Conn, page: &PageRequest) -> Result<Vec<Credential>> {
    select(conn, None, None, true, page.after.as_deref(), page.limit + 1).await
}

/// Stores a key that is sealed with the generation in `new`.
pub async fn insert(conn: &mut Conn, new: &Credential, sealed: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into provider_credential (id, name, provider, api_key, fingerprint, generation, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.0,
        new.name,
        new.provider,
        sealed,
        new.fingerprint,
        new.generation,
        new.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces the key; the new one is sealed with `generation`.
pub async fn replace_key(
    conn: &mut Conn,
    id: CredentialId,
    generation: i64,
    sealed: &[u8],
    fingerprint: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update provider_credential set api_key = $3, fingerprint = $4, generation = $2::bigint, version = version + 1,
                updated_at = $5
         where id = $1 and generation = $2::bigint - 1",
        id.0,
        generation,
        sealed,
        fingerprint,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(conn: &mut Conn, id: CredentialId) -> Result<bool> {
    let done = sqlx::query!("delete from provider_credential where id = $1", id.0).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes keys that were typed into a deployment which is gone.
pub async fn delete_orphans(conn: &mut Conn) -> Result<u64> {
    let done = sqlx::query!(
        "delete from provider_credential c where name is null
         and not exists (select 1 from deployment d where d.credential_id = c.id)"
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Locks the row for an edit and says which version it has.
pub async fn lock(conn: &mut Conn, id: CredentialId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select version from provider_credential where id = $1 for update", id.0)
        .fetch_optional(conn)
        .await?)
}

/// The sealed key.
pub async fn sealed_key(conn: &mut Conn, id: CredentialId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select api_key from provider_credential where id = $1", id.0)
        .fetch_optional(conn)
        .await?)
}

/// What may be shown of some credentials: fingerprint, and whether it has a name.
pub async fn fingerprints(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<CredentialId, (String, bool)>> {
    let rows = sqlx::query!(
        r#"select id as "id: CredentialId", fingerprint, name is not null as "named!"
           from provider_credential where id = any($1)"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, (r.fingerprint, r.named))).collect())
}

/// Names of the models that call with it, sorted.
pub async fn used_by(conn: &mut Conn, id: CredentialId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select distinct m.litellm_model_name from deployment d join model m on m.id = d.model_id
         where d.credential_id = $1 order by 1",
        id.0
    )
    .fetch_all(conn)
    .await?)
}
