//! Rules for CI jobs, the short-lived tokens that they were given, and what was exchanged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{RealmId, WorkloadRuleId},
    domain::{error::Result, identity::WorkloadRule, role::Role},
};

/// Which rules to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub id: Option<WorkloadRuleId>,
    pub name: Option<&'a str>,
    pub issuer: Option<&'a str>,
}

/// By name.
pub async fn list(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<WorkloadRule>> {
    let rows = sqlx::query!(
        r#"select id as "id: WorkloadRuleId", name, issuer, audience, claims as "claims: Json<BTreeMap<String, String>>",
                  role, permissions, realm_ids, lifetime_seconds, version, created_at, created_by, updated_at
           from workload_rule
           where ($1::uuid is null or id = $1) and ($2::text is null or name = $2) and ($3::text is null or issuer = $3)
           order by name"#,
        filter.id.map(|i| i.0),
        filter.name,
        filter.issuer
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| WorkloadRule {
            id: r.id,
            name: r.name,
            issuer: r.issuer,
            audience: r.audience,
            claims: r.claims.0,
            role: r.role.as_deref().and_then(Role::parse),
            // What this version does not know, it does not give.
            permissions: r.permissions.iter().filter_map(|p| p.parse().ok()).collect(),
            realm_ids: r.realm_ids.map(|ids| ids.into_iter().map(RealmId).collect()),
            lifetime_seconds: r.lifetime_seconds,
            version: r.version,
            created_at: r.created_at,
            created_by: r.created_by,
            updated_at: r.updated_at,
        })
        .collect())
}

pub async fn lock(conn: &mut Conn, id: WorkloadRuleId) -> Result<()> {
    sqlx::query!("select id from workload_rule where id = $1 for update", id.0).fetch_optional(conn).await?;
    Ok(())
}

pub async fn insert(conn: &mut Conn, r: &WorkloadRule) -> Result<(), sqlx::Error> {
    let permissions: Vec<String> = r.permissions.iter().map(|p| p.as_str().to_owned()).collect();
    let realms: Option<Vec<Uuid>> = r.realm_ids.as_ref().map(|ids| ids.iter().map(|r| r.0).collect());
    sqlx::query!(
        "insert into workload_rule (id, name, issuer, audience, claims, role, permissions, realm_ids, lifetime_seconds,
                                    created_at, created_by, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10)",
        r.id.0,
        r.name,
        r.issuer,
        r.audience,
        Json(&r.claims) as _,
        r.role.map(Role::as_str),
        &permissions,
        realms.as_deref(),
        r.lifetime_seconds,
        r.created_at,
        r.created_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// With the tokens that it gave.
pub async fn delete(conn: &mut Conn, id: WorkloadRuleId) -> Result<()> {
    sqlx::query!("delete from workload_rule where id = $1", id.0).execute(conn).await?;
    Ok(())
}

/// Uses up a job's own token: `false` when it was exchanged before, here or on another replica.
pub async fn use_once(conn: &mut Conn, token_hash: &str, expires_at: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into used_identity_token (token_hash, expires_at) values ($1, $2) on conflict do nothing",
        token_hash,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn insert_token(
    conn: &mut Conn,
    token_hash: &str,
    rule: WorkloadRuleId,
    subject: &str,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into workload_token (token_hash, rule_id, subject, expires_at) values ($1, $2, $3, $4)",
        token_hash,
        rule.0,
        subject,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The rule and the job behind a token that counts.
pub async fn by_hash(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<(WorkloadRule, String)>> {
    let row = sqlx::query!(
        r#"select rule_id as "rule_id: WorkloadRuleId", subject from workload_token where token_hash = $1 and expires_at > $2"#,
        token_hash,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let rule = list(conn, &Filter { id: Some(row.rule_id), ..Filter::default() }).await?.pop();
    Ok(rule.map(|rule| (rule, row.subject)))
}

pub async fn purge(conn: &mut Conn, now: DateTime<Utc>) -> Result<u64> {
    let tokens = sqlx::query!("delete from workload_token where expires_at < $1", now)
        .execute(&mut *conn)
        .await?
        .rows_affected();
    let used =
        sqlx::query!("delete from used_identity_token where expires_at < $1", now).execute(conn).await?;
    Ok(tokens + used.rows_affected())
}
