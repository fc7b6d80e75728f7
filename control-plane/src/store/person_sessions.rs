//! Sessions of people, and failed sign-ins.

use chrono::{DateTime, Utc};

use super::Conn;
use crate::{
    base::ids::{PersonId, PersonSessionId},
    domain::{error::Result, person::PersonSession},
};

pub async fn insert(conn: &mut Conn, s: &PersonSession, token_hash: &str) -> Result<()> {
    sqlx::query!(
        "insert into person_session (id, person_id, token_hash, address, user_agent, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
        s.id.0,
        s.person_id.0,
        token_hash,
        s.address,
        s.user_agent,
        s.created_at,
        s.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The session with this secret that counts: not ended, within its time, and used since `idle_since`.
pub async fn by_hash(
    conn: &mut Conn,
    token_hash: &str,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<PersonSession>> {
    Ok(sqlx::query_as!(
        PersonSession,
        r#"select id as "id: PersonSessionId", person_id as "person_id: PersonId", address, user_agent, created_at,
                  last_seen_at, expires_at, ended_at
           from person_session
           where token_hash = $1 and ended_at is null and expires_at > $2 and last_seen_at > $3"#,
        token_hash,
        now,
        idle_since
    )
    .fetch_optional(conn)
    .await?)
}

/// Sessions of a person that count, newest first.
pub async fn list(
    conn: &mut Conn,
    person: PersonId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<PersonSession>> {
    Ok(sqlx::query_as!(
        PersonSession,
        r#"select id as "id: PersonSessionId", person_id as "person_id: PersonId", address, user_agent, created_at,
                  last_seen_at, expires_at, ended_at
           from person_session
           where person_id = $1 and ended_at is null and expires_at > $2 and last_seen_at > $3
           order by created_at desc, id"#,
        person.0,
        now,
        idle_since
    )
    .fetch_all(conn)
    .await?)
}

pub async fn seen(conn: &mut Conn, id: PersonSessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update person_session set last_seen_at = $2 where id = $1", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends one session of a person, or all but `except`. Returns how many.
pub async fn end(
    conn: &mut Conn,
    person: PersonId,
    one: Option<PersonSessionId>,
    except: Option<PersonSessionId>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "update person_session set ended_at = $4
         where person_id = $1 and ended_at is null and ($2::uuid is null or id = $2) and ($3::uuid is null or id <> $3)",
        person.0,
        one.map(|s| s.0),
        except.map(|s| s.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets sessions that were opened before `before`.
pub async fn purge(conn: &mut Conn, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from person_session where created_at < $1", before).execute(conn).await?;
    Ok(done.rows_affected())
}

/// How often a sign-in failed lately.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failures {
    /// From this network, whoever's.
    pub here: i64,
    /// Of this person, from wherever.
    pub theirs: i64,
    /// Of this person from this network.
    pub both: i64,
    /// The person has signed in from this address before.
    pub known: bool,
}

pub async fn failures(
    conn: &mut Conn,
    person: Option<PersonId>,
    network: &str,
    address: Option<&str>,
    since: DateTime<Utc>,
) -> Result<Failures> {
    Ok(sqlx::query_as!(
        Failures,
        r#"select count(*) filter (where network = $1) as "here!", count(*) filter (where person_id = $2) as "theirs!",
                  count(*) filter (where network = $1 and person_id is not distinct from $2) as "both!",
                  exists (select 1 from person_session s where s.person_id = $2 and s.address = $4) as "known!"
           from login_failure where at > $3 and (network = $1 or person_id = $2)"#,
        network,
        person.map(|p| p.0),
        since,
        address
    )
    .fetch_one(conn)
    .await?)
}

/// Written before the password is looked at, so that many at once count as many.
pub async fn attempted(
    conn: &mut Conn,
    person: Option<PersonId>,
    network: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into login_failure (at, person_id, network) values ($1, $2, $3)",
        now,
        person.map(|p| p.0),
        network
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A success forgives the person's failures from there.
pub async fn forgive(conn: &mut Conn, person: PersonId, network: &str) -> Result<()> {
    sqlx::query!("delete from login_failure where person_id = $1 and network = $2", person.0, network)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn purge_failures(conn: &mut Conn, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from login_failure where at < $1", before).execute(conn).await?.rows_affected())
}
