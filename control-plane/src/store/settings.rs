//! What the whole installation allows: columns of its one row.

use super::Conn;
use crate::domain::{
    error::{Error, Result},
    settings::Settings,
};

pub async fn get(conn: &mut Conn) -> Result<Settings> {
    Ok(sqlx::query_as!(
        Settings,
        "select bootstrap_token_enabled, audit_retention_days, settings_version as version from installation"
    )
    .fetch_optional(conn)
    .await?
    .unwrap_or_default())
}

/// Locks the row for an edit.
pub async fn lock(conn: &mut Conn) -> Result<Settings> {
    sqlx::query!("select id from installation for update").fetch_optional(&mut *conn).await?;
    get(conn).await
}

/// Replaces them; the version rises by one.
pub async fn update(conn: &mut Conn, s: &Settings) -> Result<()> {
    let done = sqlx::query!(
        "update installation set bootstrap_token_enabled = $1, audit_retention_days = $2,
             settings_version = settings_version + 1",
        s.bootstrap_token_enabled,
        s.audit_retention_days
    )
    .execute(conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::internal("the installation's row is gone")),
    }
}
