//! `reeve migrate`: brings the schema up to date and says what was done. `serve` does the same at its start; this is
//! for those who want it as a step of its own.

use std::process::ExitCode;

use super::{out, serve::runtime};
use crate::{
    base::{clock::Clock, idgen::IdGen, report},
    config::Config,
    start,
    store::Store,
};

pub fn run(config: &Config) -> ExitCode {
    let Ok(runtime) = runtime() else { return ExitCode::FAILURE };
    match runtime.block_on(migrate(config)) {
        Ok(done) => {
            out::line(&done);
            ExitCode::SUCCESS
        }
        Err(error) => {
            out::problem(&report(&error));
            ExitCode::FAILURE
        }
    }
}

async fn migrate(config: &Config) -> Result<String, start::StartError> {
    let (options, cluster) = start::locate(config).await?;
    let ring = config.master_key.load()?;
    let sealer = std::sync::Arc::new(crate::base::seal::Sealer::new(ring));
    let done = async {
        let store = Store::connect(options, 2, sealer, Clock::default(), IdGen::default())
            .await
            .map_err(start::StartError::Connect)?;
        let mut conn = store.conn().await?;
        let before = Store::schema(&mut conn).await?;
        drop(conn);
        start::migrate(&store).await?;
        store.pool.close().await;
        Ok(match before.pending.as_slice() {
            [] => "the schema is up to date".to_owned(),
            [one] => format!("applied migration {one}"),
            all => format!("applied {} migrations, up to {}", all.len(), all[all.len() - 1]),
        })
    }
    .await;
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    done
}
