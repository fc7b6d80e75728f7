//! The private Postgres cluster: the embedded default when no `DATABASE_URL` is given. Made from the Postgres programs
//! of the machine, in the data directory, on a Unix socket that only this user may use.
//!
//! `app` starts it before the store and stops it last. Its files hold no SQL of ours; the store connects to it as
//! to any other Postgres.
//!
//! ```text
//! data directory   reeve.lock          one process at a time
//!                  master.key          made by `config`
//!                  postgres/           the cluster, owned by the account that runs it
//!                  postgres-hba.conf   who may connect: this user alone (written at every start)
//!                  postgres-ident.conf
//!                  postgres.log
//!                  run/                the socket (in /tmp when this path is too long for one)
//! ```

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use self::{account::Account, data_dir::DataDir, server::Server};

mod account;
mod data_dir;
mod initdb;
mod predecessor;
mod programs;
mod server;

/// Role and database of the cluster.
const NAME: &str = "reeve";
/// Sockets are named after a port, also where no port is listened on.
const PORT: u16 = 5432;

#[derive(Clone, Debug)]
pub struct ClusterConfig {
    pub data_dir: PathBuf,
    /// Where the Postgres programs are; `None` searches PATH and the usual places.
    pub bin_dir: Option<PathBuf>,
    /// What the pool may open; a few more are kept for the listener and for `psql`.
    pub connections: u32,
}

/// Why the cluster did not start, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "no Postgres programs (`initdb`, `postgres`) of version {wanted} found. Install them (Debian, Ubuntu: \
         `apt-get install postgresql`; macOS: `brew install postgresql@17`), or name their directory in \
         REEVE_POSTGRES_BIN, or give a database in DATABASE_URL"
    )]
    NoPrograms { wanted: String },
    #[error(
        "the data directory {} is in use by another reeve ({holder}). Stop that one, or choose another \
         directory in REEVE_DATA_DIR", .dir.display()
    )]
    Locked { dir: PathBuf, holder: String },
    #[error(
        "Postgres does not run as root, and there is neither a user `postgres` nor `nobody` to run it as. Run \
         reeve as an ordinary user, or give a database in DATABASE_URL"
    )]
    NoAccount,
    #[error(
        "Postgres runs as user id {uid}, who cannot reach {}. Choose a directory in REEVE_DATA_DIR whose parents \
         are open to others (such as /var/lib/reeve), or run reeve as an ordinary user", .dir.display()
    )]
    Unreachable { dir: PathBuf, uid: u32 },
    #[error("{} is not a Postgres cluster and not empty. Move it away, or choose another REEVE_DATA_DIR", .0.display())]
    NotACluster(PathBuf),
    #[error("{} belongs to someone else or is open to others; remove it", .0.display())]
    SocketDir(PathBuf),
    #[error("an earlier Postgres (process {pid}) still runs in {} and does not stop; stop it first", .dir.display())]
    StillRunning { pid: i32, dir: PathBuf },
    #[error("{program} failed ({status}):\n{output}")]
    Failed { program: &'static str, status: ExitStatus, output: String },
    #[error("Postgres ended at its start ({how}):\n{output}")]
    Ended { how: String, output: String },
    #[error("Postgres did not get ready within {} s; its log: {}", .waited.as_secs(), .log.display())]
    NotReady { waited: Duration, log: PathBuf },
    #[error("{what} {}", .path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("the thread that prepares the cluster died")]
    Panicked,
}

impl ClusterError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// A running private cluster. Dropped without [`Cluster::stop`] it is told to stop, but not waited for.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    options: PgConnectOptions,
    socket_dir: PathBuf,
    /// Held as long as the cluster runs.
    _data_dir: DataDir,
}

impl Cluster {
    /// Locks the data directory, makes the cluster if there is none, ends what an earlier process left running,
    /// starts Postgres and waits until it takes connections. Takes under a second, more after a crash.
    pub async fn start(config: &ClusterConfig) -> Result<Self, ClusterError> {
        let (config, began) = (config.clone(), Instant::now());
        let prepared = tokio::task::spawn_blocking(move || prepare(&config)).await;
        let Prepared { data_dir, launch } = prepared.map_err(|_| ClusterError::Panicked)??;
        let socket_dir = launch.socket_dir.clone();
        let server = Server::start(launch).await?;
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(postgres.socket = %socket_dir.display(), duration_ms, "private Postgres ready");
        Ok(Self { server, options: options(&socket_dir), socket_dir, _data_dir: data_dir })
    }

    /// How the store connects.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// The same for other programs (`psql`, sqlx): a URL without any secret, since the socket is the lock.
    pub fn url(&self) -> String {
        let dir: String =
            url::form_urlencoded::byte_serialize(self.socket_dir.as_os_str().as_encoded_bytes()).collect();
        format!("postgres://{NAME}@localhost:{PORT}/{NAME}?host={dir}&sslmode=disable")
    }

    /// Ends when Postgres has ended, for whatever reason; says how. Independent of `self`, so that a task can watch.
    pub fn exited(&self) -> impl Future<Output = String> + Send + 'static {
        self.server.exited()
    }

    /// Fast shutdown: running statements are rolled back, a checkpoint is written. Call it when the pool is closed.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// How to connect to the cluster of a data directory that another process runs; `None` when none runs there.
pub fn running(data_dir: &Path) -> Option<PgConnectOptions> {
    let data_dir = data_dir.canonicalize().ok()?;
    predecessor::ready_pid(&data_dir.join("postgres"))?;
    Some(options(&data_dir::socket_dir(&data_dir)))
}

fn options(socket_dir: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(PORT)
        .username(NAME)
        .database(NAME)
        .ssl_mode(PgSslMode::Disable)
}

struct Prepared {
    data_dir: DataDir,
    launch: server::Launch,
}

/// All that blocks: files and short-lived programs.
fn prepare(config: &ClusterConfig) -> Result<Prepared, ClusterError> {
    let data_dir = DataDir::lock(&config.data_dir)?;
    let cluster = data_dir.cluster();
    let account = Account::for_cluster(&cluster)?;
    let programs = programs::find(config.bin_dir.as_deref(), initdb::version_of(&cluster)?)?;
    data_dir.open_to(&account)?;
    predecessor::end(&cluster)?;
    let socket_dir = data_dir.make_socket_dir(&account)?;
    initdb::make_if_missing(&data_dir, &programs, &account)?;
    let (hba, ident) = data_dir.write_access_rules()?;
    let launch = server::Launch {
        program: programs.postgres,
        account,
        cluster,
        socket_dir,
        hba,
        ident,
        log: data_dir.log(),
        max_connections: config.connections + 20,
    };
    Ok(Prepared { data_dir, launch })
}
