//! The work queue: leases, fences, retries. A row carries a key, never a payload.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::ProxyId,
    domain::{
        change::Revision,
        error::Result,
        object::{Object, ObjectKind},
    },
};

/// A leased item.
#[derive(Clone, Debug)]
pub struct Lease {
    pub proxy_id: ProxyId,
    pub object: Object,
    pub wanted_generation: Revision,
    pub token: Uuid,
    pub expires_at: DateTime<Utc>,
    /// This attempt included.
    pub attempts: i32,
}

/// Leases up to `slots[i]` due items of `proxies[i]` that are ready. Teams and keys go before deployments: taking a
/// right away must not wait behind a long list of models.
pub async fn lease(
    conn: &mut Conn,
    proxies: &[ProxyId],
    slots: &[i64],
    token: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Lease>> {
    let ids: Vec<Uuid> = proxies.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"update work w set lease_token = $3, lease_expires_at = $5, attempts = w.attempts + 1
           from unnest($1::uuid[], $2::bigint[]) as s (proxy_id, n)
           join proxy p on p.id = s.proxy_id and p.status = 'ready'
           join head on head.ahead is null
           cross join lateral (
               select c.kind, c.object_id from work c
               where c.proxy_id = s.proxy_id and c.parked_code is null and c.next_attempt_at <= $4
                 and (c.lease_expires_at is null or c.lease_expires_at <= $4)
               order by c.kind = 'deployment', c.next_attempt_at
               limit s.n for update skip locked
           ) due
           where w.proxy_id = s.proxy_id and w.kind = due.kind and w.object_id = due.object_id
           returning w.proxy_id as "proxy_id: ProxyId", w.kind as "kind: ObjectKind", w.object_id,
                     w.wanted_generation, w.attempts"#,
        &ids,
        slots,
        token,
        now,
        until
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Lease {
            proxy_id: r.proxy_id,
            object: Object { kind: r.kind, id: r.object_id },
            wanted_generation: r.wanted_generation,
            token,
            expires_at: until,
            attempts: r.attempts,
        })
        .collect())
}

/// How a leased item ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It matches what was wanted at the lease's generation.
    Done,
    /// Waits for something else of ours, or for a lagging read: not an attempt.
    Wait { until: DateTime<Utc>, reason: String },
    /// Failed; again at `until`.
    Retry { until: DateTime<Utc>, error: String },
    /// Will fail the same way until its input changes.
    Park { code: String, reason: String },
}

/// Writes the outcome back if the lease still holds; `false` when somebody else has it now, and then nothing that
/// this run learnt may be written.
pub async fn release(conn: &mut Conn, lease: &Lease, outcome: &Outcome, now: DateTime<Utc>) -> Result<bool> {
    let (kind, id, proxy) = (lease.object.kind.as_str(), lease.object.id, lease.proxy_id.0);
    let done = match outcome {
        // The row goes only when its newest wish is the one acted on; else it is due again at once.
        Outcome::Done => {
            sqlx::query!(
                "with gone as (
                     delete from work where proxy_id = $1 and kind = $2 and object_id = $3 and lease_token = $4
                     and wanted_generation = $5 returning 1
                 ), again as (
                     update work set lease_token = null, lease_expires_at = null, attempts = 0, next_attempt_at = $6
                     where proxy_id = $1 and kind = $2 and object_id = $3 and lease_token = $4
                       and wanted_generation <> $5 returning 1
                 )
                 select 1 as one from gone union all select 1 from again",
                proxy,
                kind,
                id,
                lease.token,
                lease.wanted_generation,
                now
            )
            .fetch_all(conn)
            .await?
            .len() as u64
        }
        Outcome::Wait { until, reason } => sqlx::query!(
            "update work set lease_token = null, lease_expires_at = null, attempts = greatest(attempts - 1, 0),
                    next_attempt_at = case when wanted_generation = $7 then $5::timestamptz else $8::timestamptz end, last_error = $6
             where proxy_id = $1 and kind = $2 and object_id = $3 and lease_token = $4",
            proxy, kind, id, lease.token, until, reason, lease.wanted_generation, now
        )
        .execute(conn)
        .await?
        .rows_affected(),
        Outcome::Retry { until, error } => sqlx::query!(
            "update work set lease_token = null, lease_expires_at = null,
                    next_attempt_at = case when wanted_generation = $7 then $5::timestamptz else $8::timestamptz end, last_error = $6
             where proxy_id = $1 and kind = $2 and object_id = $3 and lease_token = $4",
            proxy, kind, id, lease.token, until, error, lease.wanted_generation, now
        )
        .execute(conn)
        .await?
        .rows_affected(),
        // A wish that came meanwhile is new input: it is tried.
        Outcome::Park { code, reason } => sqlx::query!(
            "update work set lease_token = null, lease_expires_at = null, last_error = $6,
                    parked_code = case when wanted_generation = $7 then $5::text end,
                    parked_reason = case when wanted_generation = $7 then $6::text end
             where proxy_id = $1 and kind = $2 and object_id = $3 and lease_token = $4",
            proxy, kind, id, lease.token, code, reason, lease.wanted_generation
        )
        .execute(conn)
        .await?
        .rows_affected(),
    };
    Ok(done == 1)
}

/// Makes items due now: what waited for the team, or for the last key or list that named a model.
pub async fn wake(conn: &mut Conn, proxy: ProxyId, kind: ObjectKind, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update work set next_attempt_at = $3
         where proxy_id = $1 and kind = $2 and next_attempt_at > $3 and attempts = 0 and parked_code is null",
        proxy.0,
        kind.as_str(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Asks for objects of one proxy to be looked at again without a new revision: what a scan found amiss, or an
/// operator's retry of what is parked. An object that is asked for already keeps its generation.
pub async fn ask(
    conn: &mut Conn,
    proxy: ProxyId,
    objects: &[Object],
    revision: Revision,
    now: DateTime<Utc>,
) -> Result<u64> {
    let kinds: Vec<String> = objects.iter().map(|o| o.kind.as_str().to_owned()).collect();
    let ids: Vec<Uuid> = objects.iter().map(|o| o.id).collect();
    let done = sqlx::query!(
        "insert into work (proxy_id, kind, object_id, wanted_generation, next_attempt_at, enqueued_at)
         select $1, o.kind, o.id, $4, $5, $5 from unnest($2::text[], $3::uuid[]) as o (kind, id)
         on conflict (proxy_id, kind, object_id) do nothing",
        proxy.0,
        &kinds,
        &ids,
        revision,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// An operator's retry: everything parked on a proxy is tried again.
pub async fn unpark(conn: &mut Conn, proxy: ProxyId, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "update work set parked_code = null, parked_reason = null, attempts = 0, next_attempt_at = $2
         where proxy_id = $1 and parked_code is not null",
        proxy.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// One row as the API shows it.
#[derive(Clone, Debug)]
pub struct Item {
    pub proxy_id: ProxyId,
    pub kind: ObjectKind,
    pub object_id: Uuid,
    pub wanted_generation: Revision,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub parked_code: Option<String>,
    pub parked_reason: Option<String>,
    pub last_error: Option<String>,
    pub enqueued_at: DateTime<Utc>,
}

/// What waits, oldest first: of a proxy, or of some objects on all of them.
pub async fn list(
    conn: &mut Conn,
    proxy: Option<ProxyId>,
    objects: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Item>> {
    Ok(sqlx::query_as!(
        Item,
        r#"select proxy_id as "proxy_id: ProxyId", kind as "kind: ObjectKind", object_id, wanted_generation, attempts,
                  next_attempt_at, parked_code, parked_reason, last_error, enqueued_at
           from work where ($1::uuid is null or proxy_id = $1) and ($2::uuid[] is null or object_id = any($2))
           order by enqueued_at, kind, object_id limit $3"#,
        proxy.map(|p| p.0),
        objects as _,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// What these objects are called, as far as the registry still has them: `(object, name)`, of a deployment and a revocation the
/// name of the model, of a team and a key the realm's slug.
pub async fn names(conn: &mut Conn, objects: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        r#"select d.id as "id!", m.litellm_model_name as "name!"
           from deployment d join model m on m.id = d.model_id where d.id = any($1)
           union all select r.id, r.slug from realm r where r.id = any($1)
           union all select k.id, r.slug from realm_key k join realm r on r.id = k.realm_id where k.id = any($1)
           union all select v.id, v.model_name from revocation v where v.id = any($1)"#,
        objects
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.name)).collect())
}

/// Depth and age of the queue per proxy, for metrics: `(name, waiting, parked, oldest)`.
pub async fn depth(conn: &mut Conn) -> Result<Vec<(String, i64, i64, Option<DateTime<Utc>>)>> {
    let rows = sqlx::query!(
        r#"select p.name, count(w.object_id) filter (where w.parked_code is null) as "waiting!",
                  count(w.object_id) filter (where w.parked_code is not null) as "parked!",
                  min(w.enqueued_at) filter (where w.parked_code is null) as oldest
           from proxy p left join work w on w.proxy_id = p.id group by p.name"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.waiting, r.parked, r.oldest)).collect())
}
