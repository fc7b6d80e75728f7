//! `reeve setup-link`: the way back in when nobody can sign in. It asks the database and not the service, so that whoever
//! operates the installation can use it and nobody else.

use std::{process::ExitCode, sync::Arc};

use super::{out, serve::runtime};
use crate::{
    base::{clock::Clock, idgen::IdGen, report, seal::Sealer, signals::Signals},
    config::Config,
    domain::url_policy::UrlPolicy,
    service::{Services, sign_in},
    start::{self, StartError},
    store::Store,
};

pub fn run(config: &Config) -> ExitCode {
    let Ok(runtime) = runtime() else { return ExitCode::FAILURE };
    match runtime.block_on(make(config)) {
        Ok(link) => {
            out::line(&link);
            out::note("It makes an owner, once, within an hour. A link that was made before counts no more.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            out::problem(&report(&error));
            ExitCode::FAILURE
        }
    }
}

async fn make(config: &Config) -> Result<String, StartError> {
    let (options, cluster) = start::locate(config).await?;
    let done = async {
        let sealer = Arc::new(Sealer::new(config.master_key.load()?));
        let store = Store::connect(options, 2, sealer, Clock::default(), IdGen::default())
            .await
            .map_err(StartError::Connect)?;
        let services =
            Services { store: store.clone(), url_policy: UrlPolicy::default(), signals: Signals::default() };
        let link = sign_in::first_link(&services, true).await?;
        store.pool.close().await;
        let origins = config.listen.public_origins(config.listen.address);
        let public_url = origins.first().map(ToString::to_string).unwrap_or_default();
        Ok(link.map(|link| link.url(&public_url)).unwrap_or_default())
    }
    .await;
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    done
}
