//! People, what they hold, and the links with which they set a password.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{IdentityProviderId, PersonId, RealmId},
    domain::{
        error::Result,
        person::{Person, RoleAt},
        role::Role,
    },
};

/// Which people to read; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub id: Option<PersonId>,
    pub email: Option<&'a str>,
    pub after: Option<&'a str>,
    pub limit: i64,
}

/// By email.
pub async fn list(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<Person>> {
    let rows = sqlx::query!(
        r#"select p.id as "id: PersonId", email, name, password_hash is not null as "has_password!", disabled_at,
                  last_login_at, version, created_at, created_by, updated_at,
                  coalesce(array_agg(r.role) filter (where r.role is not null), '{}') as "roles!",
                  coalesce(array_agg(coalesce(r.realm_id::text, '')) filter (where r.role is not null), '{}') as "places!",
                  coalesce(array_agg(coalesce(r.provider_id::text, '')) filter (where r.role is not null), '{}') as "providers!"
           from person p left join person_role r on r.person_id = p.id
           where ($1::uuid is null or p.id = $1) and ($2::text is null or email = $2) and ($3::text is null or email > $3)
           group by p.id order by email limit $4"#,
        filter.id.map(|i| i.0),
        filter.email,
        filter.after,
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let id = |text: String| {
                if text.is_empty() { Some(None) } else { Uuid::try_parse(&text).ok().map(Some) }
            };
            let at = |((role, place), provider): ((String, String), String)| {
                // What this version does not know, it does not give.
                Some(RoleAt {
                    role: Role::parse(&role)?,
                    realm_id: id(place)?.map(RealmId),
                    provider_id: id(provider)?.map(IdentityProviderId),
                })
            };
            let given = r.roles.into_iter().zip(r.places).zip(r.providers);
            let mut roles: Vec<RoleAt> = given.filter_map(at).collect();
            roles.sort_unstable();
            Person {
                id: r.id,
                email: r.email,
                name: r.name,
                has_password: r.has_password,
                disabled_at: r.disabled_at,
                last_login_at: r.last_login_at,
                version: r.version,
                created_at: r.created_at,
                created_by: r.created_by,
                updated_at: r.updated_at,
                roles,
            }
        })
        .collect())
}

pub async fn get(conn: &mut Conn, id: PersonId) -> Result<Option<Person>> {
    Ok(list(conn, &Filter { id: Some(id), limit: 1, ..Filter::default() }).await?.pop())
}

pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>> {
    Ok(list(conn, &Filter { email: Some(email), limit: 1, ..Filter::default() }).await?.pop())
}

/// Locks the row for an edit.
pub async fn lock(conn: &mut Conn, id: PersonId) -> Result<()> {
    sqlx::query!("select id from person where id = $1 for update", id.0).fetch_optional(conn).await?;
    Ok(())
}

/// Without a password.
pub async fn insert(conn: &mut Conn, p: &Person) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into person (id, email, name, created_at, created_by, updated_at) values ($1, $2, $3, $4, $5, $4)",
        p.id.0,
        p.email,
        p.name,
        p.created_at,
        p.created_by
    )
    .execute(&mut *conn)
    .await?;
    insert_roles(conn, p.id, &p.roles).await
}

pub async fn update(conn: &mut Conn, p: &Person, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update person set name = $2, disabled_at = $3, version = version + 1, updated_at = $4 where id = $1",
        p.id.0,
        p.name,
        p.disabled_at,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from person_role where person_id = $1", p.id.0).execute(&mut *conn).await?;
    Ok(insert_roles(conn, p.id, &p.roles).await?)
}

pub(super) async fn insert_roles(conn: &mut Conn, id: PersonId, roles: &[RoleAt]) -> Result<(), sqlx::Error> {
    let names: Vec<String> = roles.iter().map(|at| at.role.as_str().to_owned()).collect();
    let realms: Vec<Option<Uuid>> = roles.iter().map(|at| at.realm_id.map(|r| r.0)).collect();
    let providers: Vec<Option<Uuid>> = roles.iter().map(|at| at.provider_id.map(|p| p.0)).collect();
    sqlx::query!(
        "insert into person_role (person_id, role, realm_id, provider_id)
         select $1, * from unnest($2::text[], $3::uuid[], $4::uuid[])",
        id.0,
        &names,
        &realms as &[Option<Uuid>],
        &providers as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, id: PersonId) -> Result<()> {
    sqlx::query!("delete from person where id = $1", id.0).execute(conn).await?;
    Ok(())
}

/// The Argon2id hash in PHC form.
pub async fn password_hash(conn: &mut Conn, id: PersonId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select password_hash from person where id = $1", id.0)
        .fetch_optional(conn)
        .await?
        .flatten())
}

pub async fn set_password_hash(conn: &mut Conn, id: PersonId, hash: &str) -> Result<()> {
    sqlx::query!("update person set password_hash = $2 where id = $1", id.0, hash).execute(conn).await?;
    Ok(())
}

pub async fn logged_in(conn: &mut Conn, id: PersonId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update person set last_login_at = $2 where id = $1", id.0, now).execute(conn).await?;
    Ok(())
}

/// Whether anybody but `except` has this role everywhere and can sign in.
pub async fn has_role(conn: &mut Conn, role: Role, except: Option<PersonId>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from person p join person_role r on r.person_id = p.id
                          where r.role = $1 and r.realm_id is null and p.disabled_at is null
                            and (p.password_hash is not null
                                 or exists (select 1 from person_identity i where i.person_id = p.id)) and ($2::uuid is null or p.id <> $2)) as "e!""#,
        role.as_str(),
        except.map(|p| p.0)
    )
    .fetch_one(conn)
    .await?)
}

/// Whether there is anybody at all.
pub async fn any(conn: &mut Conn) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select 1 from person) as "e!""#).fetch_one(conn).await?)
}

/// Makes the link of a person, or the one of the first owner, in the place of one before. With `keep`, one that still counts
/// stays, and `false` is returned.
pub async fn insert_link(
    conn: &mut Conn,
    token_hash: &str,
    person: Option<PersonId>,
    expires_at: DateTime<Utc>,
    keep: Option<DateTime<Utc>>,
) -> Result<bool> {
    sqlx::query!(
        "delete from sign_in_link where person_id is not distinct from $1 and ($2::timestamptz is null or expires_at <= $2)",
        person.map(|p| p.0),
        keep
    )
    .execute(&mut *conn)
    .await?;
    let done = sqlx::query!(
        "insert into sign_in_link (token_hash, person_id, expires_at) values ($1, $2, $3) on conflict do nothing",
        token_hash,
        person.map(|p| p.0),
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up a link that counts; inside, whose it is.
pub async fn use_link(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Option<PersonId>>> {
    let row = sqlx::query!(
        r#"delete from sign_in_link where token_hash = $1 and expires_at > $2
           returning person_id as "person_id: PersonId""#,
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| r.person_id))
}
