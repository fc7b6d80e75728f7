//! The hint that something changed: LISTEN, and the poll that covers for a lost one.

use sqlx::postgres::PgListener;

use super::{Conn, Store, tx::CHANNEL};
use crate::domain::{change::Revision, error::Result};

/// A connection that hears the hints.
pub async fn listen(store: &Store) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(&store.pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// The newest revision.
pub async fn head(conn: &mut Conn) -> Result<Revision> {
    Ok(sqlx::query_scalar!("select revision from head").fetch_one(conn).await?)
}
