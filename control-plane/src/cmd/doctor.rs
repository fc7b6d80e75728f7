//! `reeve doctor`: checks what a start needs, in the order a start needs it, and changes nothing.

use std::{process::ExitCode, sync::Arc};

use super::{
    EXIT_USAGE,
    out::{self, Mark},
    serve::runtime,
};
use crate::{
    app,
    base::{clock::Clock, idgen::IdGen, report, seal::Sealer, signals::Signals},
    cluster::ClusterError,
    config::Config,
    start::{self, StartError},
    store::{Store, installation, proxies},
};

pub fn run() -> ExitCode {
    let config = match Config::from_process() {
        Ok(config) => config,
        Err(errors) => {
            out::check(Mark::Bad, "configuration", &errors.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    out::check(Mark::Good, "configuration", "read");
    let Ok(runtime) = runtime() else { return ExitCode::FAILURE };
    if runtime.block_on(examine(&config)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `true` when nothing is bad.
async fn examine(config: &Config) -> bool {
    let (options, cluster) = match start::locate(config).await {
        Ok(found) => found,
        Err(StartError::Cluster(error @ ClusterError::Locked { .. })) => {
            out::check(Mark::Good, "database", &format!("{error}"));
            out::check(Mark::Doubtful, "note", "a running reeve has it open; ask that one: GET /ready");
            return true;
        }
        Err(error) => {
            out::check(Mark::Bad, "database", &report(&error));
            return false;
        }
    };
    let sealer = match config.master_key.load() {
        Ok(ring) => Arc::new(Sealer::new(ring)),
        Err(error) => {
            out::check(Mark::Bad, "master key", &report(&error));
            return false;
        }
    };
    let fine = match Store::connect(options, 4, Arc::clone(&sealer), Clock::default(), IdGen::default()).await
    {
        Ok(store) => {
            out::check(Mark::Good, "database", "answers");
            let fine = examine_store(config, &store, &sealer).await;
            store.pool.close().await;
            fine
        }
        Err(error) => {
            out::check(Mark::Bad, "database", &report(&error));
            false
        }
    };
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    fine
}

async fn examine_store(config: &Config, store: &Store, sealer: &Sealer) -> bool {
    match examine_rows(config, store, sealer).await {
        Ok(fine) => fine,
        Err(error) => {
            out::check(Mark::Bad, "database", &report(&error));
            false
        }
    }
}

async fn examine_rows(config: &Config, store: &Store, sealer: &Sealer) -> crate::domain::error::Result<bool> {
    let mut conn = store.conn().await?;
    let schema = Store::schema(&mut conn).await?;
    if !schema.unknown.is_empty() {
        out::check(Mark::Bad, "schema", "the database was written by a newer reeve; start that version");
        return Ok(false);
    }
    if !schema.pending.is_empty() {
        let text = format!(
            "{} migrations are missing; `reeve migrate` or the next start applies them",
            schema.pending.len()
        );
        out::check(Mark::Doubtful, "schema", &text);
        return Ok(true);
    }
    out::check(Mark::Good, "schema", "up to date");
    let Some(found) = installation::get(&mut conn).await? else {
        out::check(Mark::Doubtful, "master key", "nothing is sealed yet");
        return Ok(true);
    };
    if let Err(error) = sealer.check_canary(&found.kek_canary) {
        out::check(Mark::Bad, "master key", &format!("does not open this database: {error}"));
        return Ok(false);
    }
    out::check(Mark::Good, "master key", "opens this database");
    let all = proxies::all(&mut conn).await?;
    drop(conn);
    if all.is_empty() {
        out::check(Mark::Doubtful, "proxies", "none is registered; sync is skipped until one is");
    }
    let fleet = match app::fleet(config, store, &Signals::default()) {
        Ok(fleet) => fleet,
        Err(error) => {
            out::check(Mark::Bad, "proxies", &report(&error));
            return Ok(false);
        }
    };
    let mut fine = true;
    for proxy in all {
        let Some((_, api)) = fleet.client(proxy.id).await? else { continue };
        match api.probe().await {
            Ok(probe) => match probe.unsupported {
                None => {
                    let version = probe.version.map_or_else(String::new, |v| format!("LiteLLM {v}"));
                    out::check(Mark::Good, &proxy.name, &version);
                }
                Some(reason) => {
                    fine = false;
                    out::check(Mark::Bad, &proxy.name, &reason.to_string());
                }
            },
            Err(error) => {
                fine = false;
                out::check(Mark::Bad, &proxy.name, &error.to_string());
            }
        }
    }
    Ok(fine)
}
