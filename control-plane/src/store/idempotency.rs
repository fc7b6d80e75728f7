//! Answered POSTs: recorded in the transaction of the change, so that an answer that was lost is never done twice.

use chrono::{DateTime, Utc};

use super::{Conn, is_unique_violation};
use crate::{
    base::context::Idempotency,
    domain::{
        change::{Location, Revision},
        error::{Error, Result},
    },
};

/// Remembers that this key made the thing at `location`. Two requests with one key meet here: the second waits for
/// the first to commit and is then told so. Its transaction is over, so it must [`check`] to learn what the first did.
pub(super) async fn record(
    conn: &mut Conn,
    actor: &str,
    idem: &Idempotency,
    location: &Location,
    revision: Option<Revision>,
    now: DateTime<Utc>,
) -> Result<()> {
    let written = sqlx::query!(
        "insert into idempotency (key, actor, fingerprint, status, location, revision, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        idem.key,
        actor,
        idem.fingerprint,
        i32::from(location.status),
        location.path,
        revision,
        now
    )
    .execute(conn)
    .await;
    match written {
        Err(error) if is_unique_violation(&error) => {
            Err(Error::Replayed { status: location.status.into(), location: location.path.clone(), revision })
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// The answer given to this key before: `Replayed` when it is the same request, a conflict when it is another one.
pub async fn check(conn: &mut Conn, actor: &str, idem: &Idempotency) -> Result<()> {
    let row = sqlx::query!(
        "select fingerprint, status, location, revision from idempotency where actor = $1 and key = $2",
        actor,
        idem.key
    )
    .fetch_optional(conn)
    .await?;
    match row {
        None => Ok(()),
        Some(row) if row.fingerprint == idem.fingerprint => {
            Err(Error::Replayed { status: row.status, location: row.location, revision: row.revision })
        }
        Some(_) => Err(Error::conflict(
            "idempotency-key-reused",
            "this Idempotency-Key was used for another request; use a fresh one",
        )),
    }
}

/// Forgets keys first used before `before`.
pub async fn purge(conn: &mut Conn, before: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from idempotency where at < $1", before).execute(conn).await?.rows_affected())
}
