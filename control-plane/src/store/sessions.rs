//! Session state of agents: who holds the session, what was offered, what runs. Written in batches by `push`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ModelId, RealmId, ReplicaId},
    domain::{agent::AgentSession, change::Revision, error::Result},
};

/// Session state of these agents, each with its DID, in no order; agents without a first session are missing.
pub async fn list(conn: &mut Conn, dids: &[String]) -> Result<Vec<(String, AgentSession)>> {
    let rows = sqlx::query!(
        r#"select did, epoch, replica_id, connected_at, disconnected_at, last_seen_at, agent_version, offered_version,
                  offered_hash, offered_realm_id as "offered_realm_id: RealmId",
                  offered_model_id as "offered_model_id: ModelId", offered_at, applied_version, applied_hash,
                  applied_key_generation, applied_at, rejected_version, rejected_hash, rejected_code,
                  rejected_message, rejected_field, rejected_at, retry_asked
           from agent_session where did = any($1)"#,
        dids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let session = AgentSession {
                epoch: r.epoch,
                replica_id: r.replica_id,
                connected_at: r.connected_at,
                disconnected_at: r.disconnected_at,
                last_seen_at: r.last_seen_at,
                agent_version: r.agent_version,
                offered_version: r.offered_version,
                offered_hash: r.offered_hash,
                offered_realm_id: r.offered_realm_id,
                offered_model_id: r.offered_model_id,
                offered_at: r.offered_at,
                applied_version: r.applied_version,
                applied_hash: r.applied_hash,
                applied_key_generation: r.applied_key_generation,
                applied_at: r.applied_at,
                rejected_version: r.rejected_version,
                rejected_hash: r.rejected_hash,
                rejected_code: r.rejected_code,
                rejected_message: r.rejected_message,
                rejected_field: r.rejected_field,
                rejected_at: r.rejected_at,
                retry_asked: r.retry_asked,
            };
            (r.did, session)
        })
        .collect())
}

/// Opens a session: the newest one wins, whichever replica holds the older. Returns its epoch, which is raised by
/// every accepted session and never goes back.
pub async fn open(conn: &mut Conn, did: &str, replica: ReplicaId, now: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into agent_session (did, epoch, replica_id, connected_at, last_seen_at) values ($1, 1, $2, $3, $3)
         on conflict (did) do update set epoch = agent_session.epoch + 1, replica_id = $2, connected_at = $3,
             last_seen_at = $3, disconnected_at = null
         returning epoch",
        did,
        replica.0,
        now
    )
    .fetch_one(conn)
    .await?)
}

/// Closes a session, unless a newer one has taken over.
pub async fn close(conn: &mut Conn, did: &str, epoch: i64, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update agent_session set replica_id = null, disconnected_at = $3 where did = $1 and epoch = $2
         and replica_id is not null",
        did,
        epoch,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// As [`close`], for many `(did, epoch)`.
pub async fn close_many(conn: &mut Conn, ended: &[(String, i64)], now: DateTime<Utc>) -> Result<u64> {
    let (dids, epochs): (Vec<String>, Vec<i64>) = ended.iter().cloned().unzip();
    let done = sqlx::query!(
        "update agent_session s set replica_id = null, disconnected_at = $3
         from unnest($1::text[], $2::bigint[]) as o (did, epoch)
         where s.did = o.did and s.epoch = o.epoch and s.replica_id is not null",
        &dids,
        &epochs,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Which of these sessions their rows do not show, `(did, epoch)` in: with a higher epoch out, those that were taken over by a
/// newer one (elsewhere); with the same, those that are said to have ended.
pub async fn not_shown(conn: &mut Conn, dids: &[String], epochs: &[i64]) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        "select s.did, s.epoch from agent_session s join unnest($1::text[], $2::bigint[]) as mine (did, epoch)
         on mine.did = s.did where s.epoch > mine.epoch or (s.epoch = mine.epoch and s.replica_id is null)",
        dids,
        epochs
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.did, row.epoch)).collect())
}

/// Shows sessions again that were taken for lost, unless a newer one has taken over. Returns their DIDs.
pub async fn reopen_many(conn: &mut Conn, live: &[(String, i64)], replica: ReplicaId) -> Result<Vec<String>> {
    let (dids, epochs): (Vec<String>, Vec<i64>) = live.iter().cloned().unzip();
    Ok(sqlx::query_scalar!(
        "update agent_session s set replica_id = $3, disconnected_at = null
         from unnest($1::text[], $2::bigint[]) as mine (did, epoch)
         where s.did = mine.did and s.epoch = mine.epoch and s.replica_id is null
         returning s.did",
        &dids,
        &epochs,
        replica.0
    )
    .fetch_all(conn)
    .await?)
}

/// A document about to be sent. Recorded first, so that no replica ever offers an older version after it.
#[derive(Clone, Debug)]
pub struct Offer {
    pub did: String,
    pub version: i64,
    pub hash: String,
    pub realm_id: Option<RealmId>,
    pub model_id: Option<ModelId>,
}

/// Records offers; returns the DIDs whose recorded version was not already higher.
pub async fn offer(conn: &mut Conn, offers: &[Offer], now: DateTime<Utc>) -> Result<Vec<String>> {
    let dids: Vec<String> = offers.iter().map(|o| o.did.clone()).collect();
    let versions: Vec<i64> = offers.iter().map(|o| o.version).collect();
    let hashes: Vec<String> = offers.iter().map(|o| o.hash.clone()).collect();
    let realms: Vec<Option<Uuid>> = offers.iter().map(|o| o.realm_id.map(|r| r.0)).collect();
    let models: Vec<Option<Uuid>> = offers.iter().map(|o| o.model_id.map(|m| m.0)).collect();
    Ok(sqlx::query_scalar!(
        "update agent_session s set offered_version = o.version, offered_hash = o.hash, offered_realm_id = o.realm_id,
                offered_model_id = o.model_id, offered_at = $6, retry_asked = false, looked_revision = o.version
         from unnest($1::text[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[])
              as o (did, version, hash, realm_id, model_id)
         where s.did = o.did and s.offered_version <= o.version
         returning s.did",
        &dids,
        &versions,
        &hashes,
        &realms as _,
        &models as _,
        now
    )
    .fetch_all(conn)
    .await?)
}

/// An agent that has, or has refused, what it should have.
#[derive(Clone, Debug)]
pub struct Looked {
    pub did: String,
    /// A session that was taken over says nothing any more.
    pub epoch: i64,
    /// The document that it should have.
    pub hash: String,
}

/// Records that these agents need nothing new, as of this revision.
pub async fn looked(conn: &mut Conn, agents: &[Looked], revision: Revision) -> Result<()> {
    let dids: Vec<String> = agents.iter().map(|a| a.did.clone()).collect();
    let epochs: Vec<i64> = agents.iter().map(|a| a.epoch).collect();
    let hashes: Vec<String> = agents.iter().map(|a| a.hash.clone()).collect();
    // The hash is another than that of the last offer when the agent was away while it was to get something else for a while.
    sqlx::query!(
        "update agent_session s set looked_revision = $4, offered_hash = l.hash,
             offered_version = case when s.offered_hash = l.hash then s.offered_version else $4 end
         from unnest($1::text[], $2::bigint[], $3::text[]) as l (did, epoch, hash)
         where s.did = l.did and s.epoch = l.epoch and s.looked_revision < $4",
        &dids,
        &epochs,
        &hashes,
        revision
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What an agent said, to be written in a batch.
#[derive(Clone, Debug)]
pub struct Report {
    pub did: String,
    /// A report of an older session than the newest is dropped.
    pub epoch: i64,
    pub seen_at: DateTime<Utc>,
    pub agent_version: Option<String>,
    /// What it runs: version, hash, key generation when known.
    pub applied: Option<(i64, String, Option<i64>)>,
    pub rejected: Option<Rejection>,
}

/// Why an agent refused a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub version: i64,
    pub hash: String,
    pub code: String,
    pub message: String,
    pub field: Option<String>,
}

/// Writes reports, at most one per agent in a batch; dropped are those of superseded sessions. An applied document
/// clears the last rejection.
pub async fn record(conn: &mut Conn, reports: &[Report]) -> Result<u64> {
    let dids: Vec<String> = reports.iter().map(|r| r.did.clone()).collect();
    let epochs: Vec<i64> = reports.iter().map(|r| r.epoch).collect();
    let seen: Vec<DateTime<Utc>> = reports.iter().map(|r| r.seen_at).collect();
    let agents: Vec<Option<String>> = reports.iter().map(|r| r.agent_version.clone()).collect();
    let versions: Vec<Option<i64>> = reports.iter().map(|r| r.applied.as_ref().map(|a| a.0)).collect();
    let hashes: Vec<Option<String>> =
        reports.iter().map(|r| r.applied.as_ref().map(|a| a.1.clone())).collect();
    let generations: Vec<Option<i64>> =
        reports.iter().map(|r| r.applied.as_ref().and_then(|a| a.2)).collect();
    let rejected = |f: fn(&Rejection) -> String| -> Vec<Option<String>> {
        reports.iter().map(|r| r.rejected.as_ref().map(f)).collect()
    };
    let r_versions: Vec<Option<i64>> =
        reports.iter().map(|r| r.rejected.as_ref().map(|x| x.version)).collect();
    let r_fields: Vec<Option<String>> =
        reports.iter().map(|r| r.rejected.as_ref().and_then(|x| x.field.clone())).collect();
    let done = sqlx::query!(
        "update agent_session s set
             last_seen_at = greatest(s.last_seen_at, r.seen_at),
             agent_version = coalesce(r.agent_version, s.agent_version),
             applied_version = coalesce(r.applied_version, s.applied_version),
             applied_at = case when r.applied_hash is distinct from s.applied_hash and r.applied_hash is not null
                               then r.seen_at else s.applied_at end,
             applied_hash = coalesce(r.applied_hash, s.applied_hash),
             applied_key_generation = case when r.applied_hash is null then s.applied_key_generation
                                           else coalesce(r.key_generation,
                                                case when r.applied_hash = s.applied_hash then s.applied_key_generation end) end,
             rejected_version = case when r.rejected_hash is not null then r.rejected_version
                                     when r.applied_hash is distinct from s.applied_hash and r.applied_hash is not null then null
                                     else s.rejected_version end,
             rejected_hash = case when r.rejected_hash is not null then r.rejected_hash
                                  when r.applied_hash is distinct from s.applied_hash and r.applied_hash is not null then null
                                  else s.rejected_hash end,
             rejected_code = coalesce(r.rejected_code, s.rejected_code),
             rejected_message = coalesce(r.rejected_message, s.rejected_message),
             rejected_field = case when r.rejected_hash is not null then r.rejected_field else s.rejected_field end,
             rejected_at = case when r.rejected_hash is not null then r.seen_at else s.rejected_at end
         from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
                     $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[])
              as r (did, epoch, seen_at, agent_version, applied_version, applied_hash, key_generation,
                    rejected_version, rejected_hash, rejected_code, rejected_message, rejected_field)
         where s.did = r.did and s.epoch = r.epoch",
        &dids,
        &epochs,
        &seen,
        &agents as _,
        &versions as _,
        &hashes as _,
        &generations as _,
        &r_versions as _,
        &rejected(|x| x.hash.clone()) as _,
        &rejected(|x| x.code.clone()) as _,
        &rejected(|x| x.message.clone()) as _,
        &r_fields as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// An admin asks to offer the refused document once more; `false` when none was refused.
pub async fn ask_retry(conn: &mut Conn, did: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update agent_session set retry_asked = true where did = $1 and rejected_hash is not null",
        did
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
