//! `reeve kek`: the care of the key-encryption keys. Works on the database beside running replicas; a private cluster is
//! opened while the service is stopped. The steps are in docs/SECURITY.md.

use std::{process::ExitCode, sync::Arc};

use clap::Subcommand;

use super::{out, serve::runtime};
use crate::{
    base::{
        clock::Clock,
        idgen::IdGen,
        report,
        seal::{KeyRing, Sealer},
    },
    config::Config,
    start::{self, StartError},
    store::{Store, sealed},
};

#[derive(Debug, Subcommand)]
pub enum Kek {
    /// Make a new key and print it as `version:key`. It counts once it stands in REEVE_MASTER_KEY.
    Add,
    /// How many secrets each version of the key seals, and which version may be taken away.
    Status,
    /// Seal everything again with the first key of REEVE_MASTER_KEY. May be stopped and started again at any time.
    Rotate,
}

pub fn run(command: &Kek, config: &Config) -> ExitCode {
    let Ok(runtime) = runtime() else { return ExitCode::FAILURE };
    match runtime.block_on(with_store(command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::problem(&report(&error));
            ExitCode::FAILURE
        }
    }
}

async fn with_store(command: &Kek, config: &Config) -> Result<(), StartError> {
    let (options, cluster) = start::locate(config).await?;
    let done = async {
        let sealer = Arc::new(Sealer::new(config.master_key.load()?));
        let store = Store::connect(options, 2, sealer, Clock::default(), IdGen::default())
            .await
            .map_err(StartError::Connect)?;
        let done = match command {
            Kek::Add => {
                add(&store);
                Ok(())
            }
            Kek::Status => status(&store).await,
            Kek::Rotate => rotate(&store).await,
        };
        store.pool.close().await;
        done
    }
    .await;
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    done
}

fn add(store: &Store) {
    let next = store.sealer.versions().into_iter().max().unwrap_or_default() + 1;
    out::line(KeyRing::generate(next).expose());
    out::note(&format!(
        "Put it at the end of REEVE_MASTER_KEY (or the key file) of every replica and restart them; then put it first and \
         restart again; then `reeve kek rotate`. Take version {} away when `reeve kek status` says so.",
        next - 1
    ));
}

async fn status(store: &Store) -> Result<(), StartError> {
    let counts = sealed::counts(&mut *store.conn().await?).await?;
    let given = store.sealer.versions();
    for (place, version) in counts.keys() {
        if !given.contains(version) {
            out::problem(&format!("{place} needs version {version}, which REEVE_MASTER_KEY does not have"));
        }
    }
    for version in &given {
        let columns: Vec<String> = counts
            .iter()
            .filter(|((_, v), _)| v == version)
            .map(|((place, _), count)| format!("{place} {count}"))
            .collect();
        let role = if *version == store.sealer.seals_with() { "seals" } else { "opens" };
        let what = if !columns.is_empty() {
            columns.join(", ")
        } else if *version == store.sealer.seals_with() {
            "nothing yet: `reeve kek rotate`".to_owned()
        } else {
            "nothing: it may be taken away".to_owned()
        };
        out::line(&format!("version {version}  {role}  {what}"));
    }
    Ok(())
}

async fn rotate(store: &Store) -> Result<(), StartError> {
    let counts = sealed::counts(&mut *store.conn().await?).await?;
    let newest = store.sealer.seals_with();
    let total: u64 = counts.iter().filter(|((_, version), _)| *version != newest).map(|(_, n)| n).sum();
    let mut done = 0;
    loop {
        let some = store.reseal_some().await?;
        if some == 0 {
            break;
        }
        done += some;
        out::note(&format!("{done} of {total} secrets are under version {newest}"));
    }
    out::line(&format!("everything is under version {newest}"));
    Ok(())
}
