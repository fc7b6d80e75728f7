//! A database of its own for each test, on the server that `DATABASE_URL` names.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Dropped with its test.
pub struct Database {
    server: String,
    name: String,
    pub url: String,
}

impl Database {
    pub async fn create() -> Self {
        let server = std::env::var("DATABASE_URL")
            .expect("DATABASE_URL names a Postgres where tests may create databases");
        let name = format!("e2e_{}", uuid::Uuid::new_v4().simple());
        let mut conn = PgConnection::connect(&server).await.expect("the test server answers");
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut conn)
            .await
            .expect("create database");
        let options: PgConnectOptions = server.parse().expect("a Postgres URL");
        let old = options.get_database().unwrap_or("postgres").to_owned();
        let url = match server.split_once('?') {
            Some((path, query)) => format!("{}{name}?{query}", path.trim_end_matches(&old)),
            None => format!("{}{name}", server.trim_end_matches(&old)),
        };
        Self { server, name, url }
    }

    /// A copy as it is now; nobody may be connected. Dropped with the test.
    pub async fn backup(&self) -> Self {
        let name = format!("{}_backup", self.name);
        self.copy(&self.name, &name).await;
        Self { server: self.server.clone(), url: String::new(), name }
    }

    /// Puts it back to an earlier state.
    pub async fn restore(&self, backup: &Self) {
        self.server(format!("drop database {} with (force)", self.name)).await;
        self.copy(&backup.name, &self.name).await;
    }

    async fn copy(&self, from: &str, to: &str) {
        // A backend of a process that was killed ends a moment later.
        self.server(format!("alter database {from} allow_connections false")).await;
        self.server(format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{from}'"
        ))
        .await;
        self.server(format!("create database {to} template {from}")).await;
        self.server(format!("alter database {from} allow_connections true")).await;
    }

    async fn server(&self, sql: String) {
        let mut conn = PgConnection::connect(&self.server).await.expect("the test server answers");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.expect("it is done");
    }

    /// A connection, to look at what is stored.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the test database answers")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread of its own: the test's runtime may be on its way out.
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut conn = PgConnection::connect(&server).await.ok()?;
                sqlx::raw_sql(AssertSqlSafe(format!("drop database {name} with (force)")))
                    .execute(&mut conn)
                    .await
                    .ok()
            })
        });
        // `drop database` waits for every backend, also for one whose client is about to log in. That client may be a
        // task of this runtime, so the others must go on meanwhile.
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => drop(tokio::task::block_in_place(|| gone.join())),
            _ => drop(gone.join()),
        }
    }
}
