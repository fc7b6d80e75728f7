//! What every start does before anything is built: the private cluster if there is one, the database's schema, the
//! canary of the key-encryption key, and who this installation is. `app` and `cmd` call it.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use crate::{
    base::{
        clock::Clock,
        hash::sha256_hex,
        idgen::IdGen,
        ids::InstallationId,
        seal::{SealError, Sealer},
        secret::Secret,
    },
    cluster::{Cluster, ClusterConfig, ClusterError},
    config::{Config, Location, MasterKeyError},
    domain::error::Error,
    store::{
        Store,
        installation::{self, Installation},
        sealed,
    },
};

/// Why a start ended, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("the database cannot be reached; check DATABASE_URL")]
    Connect(#[source] Error),
    #[error("DATABASE_URL is not a Postgres URL")]
    DatabaseUrl(#[source] sqlx::Error),
    #[error(
        "the database was written by a newer reeve (migration {0} is not known here); start that version, or restore the backup made before the upgrade"
    )]
    NewerDatabase(i64),
    #[error("the database's schema cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error(
        "the master key does not open this database ({0}); give the key it was sealed with in REEVE_MASTER_KEY or REEVE_MASTER_KEY_FILE (with several: `version:key`, newest first)"
    )]
    WrongKey(SealError),
    #[error(
        "{count} secrets are sealed with master key version {version}, which is not given; give it again in REEVE_MASTER_KEY or REEVE_MASTER_KEY_FILE, run `reeve kek rotate`, and take it away when `reeve kek status` says so"
    )]
    MissingKey { version: u32, count: u64 },
    #[error(
        "cannot listen on {address}; is another reeve running there? Choose another address in REEVE_LISTEN"
    )]
    Bind { address: std::net::SocketAddr, source: std::io::Error },
    #[error("the installation's row cannot be read")]
    Store(#[from] Error),
}

/// An open, migrated store.
pub struct Opened {
    pub store: Store,
    pub cluster: Option<Cluster>,
    pub installation: InstallationId,
    /// Hex SHA-256 of the admin token that counts.
    pub admin_token_hash: String,
    /// The generated admin token, when this start made it: to be printed once.
    pub new_admin_token: Option<Secret>,
}

/// Brings the database up. The caller stops the cluster when it is done.
pub async fn open(config: &Config, clock: Clock, ids: IdGen) -> Result<Opened, StartError> {
    let (options, cluster) = locate(config).await?;
    match prepare(config, options, clock, ids).await {
        Ok((store, installation, admin_token_hash, new_admin_token)) => {
            Ok(Opened { store, cluster, installation, admin_token_hash, new_admin_token })
        }
        Err(error) => {
            if let Some(cluster) = cluster {
                cluster.stop().await;
            }
            Err(error)
        }
    }
}

/// Where the database is; starts the private cluster if that is it.
pub async fn locate(config: &Config) -> Result<(PgConnectOptions, Option<Cluster>), StartError> {
    match &config.database.location {
        Location::Url(url) => Ok((url.expose().parse().map_err(StartError::DatabaseUrl)?, None)),
        Location::Private { data_dir, bin_dir } => {
            let cluster = Cluster::start(&ClusterConfig {
                data_dir: data_dir.clone(),
                bin_dir: bin_dir.clone(),
                connections: config.database.connections,
            })
            .await?;
            Ok((cluster.connect_options(), Some(cluster)))
        }
    }
}

/// Brings the schema up to date, or refuses a database that is newer.
pub async fn migrate(store: &Store) -> Result<(), StartError> {
    Store::migrate(&store.pool).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(version) => StartError::NewerDatabase(version),
        other => StartError::Migrate(other),
    })
}

type Prepared = (Store, InstallationId, String, Option<Secret>);

async fn prepare(
    config: &Config,
    options: PgConnectOptions,
    clock: Clock,
    ids: IdGen,
) -> Result<Prepared, StartError> {
    let sealer = Arc::new(Sealer::new(config.master_key.load()?));
    let store = Store::connect(options, config.database.connections, Arc::clone(&sealer), clock, ids)
        .await
        .map_err(StartError::Connect)?;
    migrate(&store).await?;
    let fresh_token = config.admin_token.is_none().then(|| store.ids.secret("reeve-admin-"));
    let new = Installation {
        id: InstallationId(store.ids.uuid()),
        kek_canary: sealer.make_canary(),
        admin_token_hash: fresh_token.as_ref().map(|t| sha256_hex(t.expose())),
    };
    let mut conn = store.conn().await?;
    let (found, created) = installation::create_or_get(&mut conn, &new, store.clock.now()).await?;
    sealer.check_canary(&found.kek_canary).map_err(StartError::WrongKey)?;
    let given = sealer.versions();
    let counts = sealed::counts(&mut conn).await?;
    if let Some(((_, version), count)) = counts.into_iter().find(|((_, version), _)| !given.contains(version))
    {
        return Err(StartError::MissingKey { version, count });
    }
    let (hash, printed) = match (&config.admin_token, found.admin_token_hash, fresh_token) {
        (Some(given), _, _) => (sha256_hex(given.expose()), None),
        (None, Some(hash), fresh) => (hash, fresh.filter(|_| created)),
        // The environment named the token until now, and no longer does.
        (None, None, fresh) => {
            let fresh = fresh.unwrap_or_else(|| store.ids.secret("reeve-admin-"));
            let hash = sha256_hex(fresh.expose());
            installation::set_admin_token_hash(&mut conn, &hash).await?;
            (hash, Some(fresh))
        }
    };
    drop(conn);
    Ok((store, found.id, hash, printed))
}
