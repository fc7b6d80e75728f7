//! Forgets what is of no use any more: used proofs, old evidence, answered idempotency keys, sessions and failed sign-ins,
//! minutes of the pulse, audit rows past the time that the settings give them, replicas that are gone.

use chrono::TimeDelta;

use crate::{
    base::ids::ReplicaId,
    domain::error::Result,
    service::{Services, audit, sign_in},
    store::{enrollment, evidence, idempotency, installation, person_sessions, pulse, workload},
};

/// How long an `Idempotency-Key` is remembered.
const IDEMPOTENCY_KEPT: TimeDelta = TimeDelta::hours(24);

/// How long the evidence of a revocation is kept.
const EVIDENCE_KEPT: TimeDelta = TimeDelta::days(90);

/// How long sessions of people are kept after they were opened: an address from which one signed in before is known.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(90);

/// How long the minutes of the pulse are kept.
const PULSE_KEPT: TimeDelta = TimeDelta::hours(24);

/// A replica not seen for this long is gone, and so are its sessions.
const REPLICA_GONE: TimeDelta = TimeDelta::seconds(60);

pub async fn run_once(services: &Services) -> Result<u64> {
    let now = services.store.clock.now();
    let mut conn = services.store.conn().await?;
    let proofs = enrollment::purge_proofs(&mut conn, now).await?;
    let evidence = evidence::purge(&mut conn, now - EVIDENCE_KEPT).await?;
    let failures = person_sessions::purge_failures(&mut conn, now - sign_in::WINDOW).await?;
    let sessions = person_sessions::purge(&mut conn, now - SESSIONS_KEPT).await?;
    let sign_ins = workload::purge(&mut conn, now).await?;
    let keys = idempotency::purge(&mut conn, now - IDEMPOTENCY_KEPT).await?;
    let minutes = pulse::purge(&mut conn, now - PULSE_KEPT).await?;
    drop(conn);
    Ok(proofs + minutes + evidence + failures + sessions + sign_ins + keys + audit::expire(services).await?)
}

/// Says that this replica lives, and ends the sessions of those that do not.
pub async fn replicas(services: &Services, me: ReplicaId) -> Result<u64> {
    let now = services.store.clock.now();
    let mut conn = services.store.conn().await?;
    installation::replica_seen(&mut conn, me, now).await?;
    installation::replicas_gone(&mut conn, None, now - REPLICA_GONE, now).await
}
