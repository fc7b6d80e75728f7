//! Identity providers of people, and who people are there.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::Conn;
use crate::{
    base::{
        ids::{IdentityProviderId, PersonId},
        seal::SealedAt,
    },
    domain::{
        error::Result,
        identity::{GroupRole, IdentityProvider},
        person::RoleAt,
    },
};

/// Where a provider's client secret is sealed.
pub fn identity_provider_at(id: IdentityProviderId) -> SealedAt {
    SealedAt::new("identity_provider", id, "client_secret")
}

/// All of them, or one by id or name; by name.
pub async fn list(
    conn: &mut Conn,
    id: Option<IdentityProviderId>,
    name: Option<&str>,
) -> Result<Vec<IdentityProvider>> {
    let rows = sqlx::query!(
        r#"select id as "id: IdentityProviderId", name, issuer, client_id, secret_generation, scopes, groups_claim,
                  group_roles as "group_roles: Json<Vec<GroupRole>>", trusts_email, version, created_at, updated_at
           from identity_provider
           where ($1::uuid is null or id = $1) and ($2::text is null or name = $2) order by name"#,
        id.map(|i| i.0),
        name
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| IdentityProvider {
            id: r.id,
            name: r.name,
            issuer: r.issuer,
            client_id: r.client_id,
            secret_generation: r.secret_generation,
            scopes: r.scopes,
            groups_claim: r.groups_claim,
            group_roles: r.group_roles.0,
            trusts_email: r.trusts_email,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
        .collect())
}

pub async fn lock(conn: &mut Conn, id: IdentityProviderId) -> Result<()> {
    sqlx::query!("select id from identity_provider where id = $1 for update", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

pub async fn client_secret(conn: &mut Conn, id: IdentityProviderId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select client_secret from identity_provider where id = $1", id.0)
        .fetch_optional(conn)
        .await?)
}

pub async fn insert(conn: &mut Conn, p: &IdentityProvider, sealed: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into identity_provider (id, name, issuer, client_id, client_secret, scopes, groups_claim, group_roles, trusts_email,
                                        created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        p.id.0,
        p.name,
        p.issuer,
        p.client_id,
        sealed,
        &p.scopes,
        p.groups_claim,
        Json(&p.group_roles) as _,
        p.trusts_email,
        p.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The version rises by one. With `sealed`, the client secret is another.
pub async fn update(
    conn: &mut Conn,
    p: &IdentityProvider,
    sealed: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update identity_provider set client_id = $2, client_secret = coalesce($3, client_secret), secret_generation = $4,
             scopes = $5, groups_claim = $6, group_roles = $7, trusts_email = $8, version = version + 1, updated_at = $9
         where id = $1",
        p.id.0,
        p.client_id,
        sealed,
        p.secret_generation,
        &p.scopes,
        p.groups_claim,
        Json(&p.group_roles) as _,
        p.trusts_email,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, id: IdentityProviderId) -> Result<()> {
    sqlx::query!("delete from identity_provider where id = $1", id.0).execute(conn).await?;
    Ok(())
}

/// Who somebody at a provider is here.
pub async fn person(conn: &mut Conn, id: IdentityProviderId, subject: &str) -> Result<Option<PersonId>> {
    Ok(sqlx::query_scalar!(
        r#"select person_id as "id: PersonId" from person_identity where provider_id = $1 and subject = $2"#,
        id.0,
        subject
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn link(
    conn: &mut Conn,
    id: IdentityProviderId,
    subject: &str,
    person: PersonId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into person_identity (provider_id, subject, person_id) values ($1, $2, $3)",
        id.0,
        subject,
        person.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the provider's groups give, in the place of what they gave before.
pub async fn set_roles(
    conn: &mut Conn,
    id: IdentityProviderId,
    person: PersonId,
    roles: &[RoleAt],
) -> Result<()> {
    sqlx::query!("delete from person_role where person_id = $1 and provider_id = $2", person.0, id.0)
        .execute(&mut *conn)
        .await?;
    Ok(super::people::insert_roles(conn, person, roles).await?)
}
