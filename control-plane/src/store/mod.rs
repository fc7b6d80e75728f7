//! All SQL. Functions take a connection, so that a service decides what is one transaction; rows come back as domain
//! types; a missing row is `None`; a mutation says how many rows it touched where that matters.
//!
//! Nothing here makes ids or decides rules: it writes what it is given.

pub mod agents;
pub mod applied;
pub mod audit;
pub mod changes;
pub mod credentials;
pub mod deployments;
pub mod desired;
pub mod documents;
pub mod drift;
pub mod enrollment;
pub mod evidence;
pub mod feed;
pub mod freezes;
pub mod grants;
pub mod idempotency;
pub mod identity_providers;
pub mod installation;
pub mod keys;
pub mod listener;
pub mod models;
pub mod observe;
pub mod overview;
pub mod people;
pub mod person_sessions;
pub mod proxies;
pub mod pulse;
pub mod realms;
pub mod scans;
pub mod sealed;
pub mod sessions;
pub mod settings;
pub mod tokens;
pub mod tx;
pub mod work;
pub mod workload;

use std::sync::Arc;

use sqlx::{
    PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use self::tx::Tx;
use crate::{
    base::{clock::Clock, idgen::IdGen, seal::Sealer},
    domain::error::{Error, Result},
};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// The database, with what every use of it needs. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub pool: PgPool,
    pub sealer: Arc<Sealer>,
    pub clock: Clock,
    pub ids: IdGen,
}

impl Store {
    /// Connects with at most `max_connections`; a statement that takes longer than 30 s is ended by the server.
    pub async fn connect(
        options: PgConnectOptions,
        max_connections: u32,
        sealer: Arc<Sealer>,
        clock: Clock,
        ids: IdGen,
    ) -> Result<Self> {
        let options = options
            .application_name("reeve")
            .options([("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "60s")])
            // Our queries are short: to compile one takes longer than to run it.
            .options([("jit", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(std::time::Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self { pool, sealer, clock, ids })
    }

    /// A connection for reading outside a transaction.
    pub async fn conn(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    /// Opens a named transaction. It is rolled back unless one of its `finish` functions ran to its end.
    pub async fn begin(&self, name: &'static str) -> Result<Tx> {
        Tx::begin(self, name).await
    }

    /// Applies what is missing, under the migrator's database-wide lock; refuses a database that is newer than this
    /// binary or whose applied migrations differ from the ones built in.
    pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
        MIGRATOR.run(pool).await
    }

    /// How the database's schema stands to this binary's, without changing it.
    pub async fn schema(conn: &mut Conn) -> Result<Schema> {
        let there =
            sqlx::query_scalar!(r#"select to_regclass('public._sqlx_migrations') is not null as "there!""#)
                .fetch_one(&mut *conn)
                .await?;
        let applied: Vec<i64> = if there {
            sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
                .fetch_all(conn)
                .await?
        } else {
            Vec::new()
        };
        let known: Vec<i64> = MIGRATOR.iter().map(|m| m.version).collect();
        Ok(Schema {
            pending: known.iter().filter(|v| !applied.contains(v)).copied().collect(),
            unknown: applied.into_iter().filter(|v| !known.contains(v)).collect(),
        })
    }
}

/// Migrations by version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Known here, missing there: `reeve migrate` applies them.
    pub pending: Vec<i64>,
    /// There, but not known here: the database is newer.
    pub unknown: Vec<i64>,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // Source for the codes: PostgreSQL manual, appendix A. Deadlock and serialization failures end one of two
        // transactions that would both be fine alone, so the caller is told to repeat.
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        match (&error, code.as_deref()) {
            (_, Some("40001" | "40P01")) => Self::Unavailable {
                code: "busy",
                message: "another change got in the way; repeat the request".to_owned(),
                retry_after_seconds: 1,
            },
            // What JSON and URLs can say and Postgres cannot store: a NUL in a text, a year beyond its calendar.
            (_, Some("22021" | "22P05" | "22008")) => Self::invalid(
                "text",
                "contains a NUL character, or a time outside the years that can be stored; leave it out",
            ),
            (sqlx::Error::PoolTimedOut | sqlx::Error::Io(_), _) | (_, Some("57P01" | "57P03" | "53300")) => {
                tracing::warn!(error = %error, "the database did not answer");
                Self::Unavailable {
                    code: "database-unavailable",
                    message: "the database does not answer; try again".to_owned(),
                    retry_after_seconds: 2,
                }
            }
            _ => Self::internal(error),
        }
    }
}

/// Whether `error` says that a row with the same unique value is there already.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// What read functions take: a connection of the pool or of a transaction.
pub type Conn = PgConnection;
