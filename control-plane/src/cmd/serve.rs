//! `reeve serve` and `reeve dev`: the process around `app`.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    process::ExitCode,
};

use super::out;
use crate::{
    app::App,
    base::{clock::Clock, idgen::IdGen, report, secret::Secret},
    config::{Config, Location, LogFormat},
    lifecycle::Lifecycle,
    telemetry,
};

pub fn run(config: &Config) -> ExitCode {
    serve(config, false)
}

/// The same with readable logs and an admin token that is kept beside the database, so that it can be shown again.
pub fn run_dev(mut config: Config) -> ExitCode {
    config.telemetry.format = LogFormat::Text;
    if config.admin_token.is_none()
        && let Location::Private { data_dir, .. } = &config.database.location
    {
        match dev_token(data_dir) {
            Ok(token) => config.admin_token = Some(token),
            Err(error) => {
                out::problem(&format!("{}: {error}", data_dir.join("admin-token").display()));
                return ExitCode::FAILURE;
            }
        }
    }
    serve(&config, true)
}

/// A runtime whose `block_on` stays on the main thread: the private cluster's death signal follows the thread that
/// started it.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn serve(config: &Config, dev: bool) -> ExitCode {
    let clock = Clock::default();
    // Outside the runtime: the trace exporter has a blocking client of its own.
    let telemetry = match telemetry::init(&config.telemetry, &clock) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            out::problem(&report(&error));
            return ExitCode::FAILURE;
        }
    };
    let Ok(runtime) = runtime() else {
        out::problem("the system gives no threads");
        return ExitCode::FAILURE;
    };
    let deadline = config.limits.shutdown_deadline;
    let metrics = telemetry.metrics.clone();
    let ended = runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let dev_token = config.admin_token.clone().filter(|_| dev);
        let app = match App::start(config, metrics, clock, IdGen::default(), lifecycle.clone()).await {
            Ok(app) => app,
            Err(error) => {
                out::problem(&report(&error));
                return ExitCode::FAILURE;
            }
        };
        announce(&app, dev_token.as_ref());
        let ended = lifecycle.run(deadline).await;
        app.stop().await;
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                out::problem(&report(&error));
                ExitCode::FAILURE
            }
        }
    });
    drop(runtime);
    telemetry.shutdown();
    ended
}

/// The first line is what scripts wait for.
fn announce(app: &App, dev_token: Option<&Secret>) {
    out::line(&format!("Reeve is ready on http://{}", app.address));
    if let Some(token) = &app.new_admin_token {
        out::line(&format!("Admin token (shown this once, keep it): {}", token.expose()));
    }
    if let Some(link) = &app.setup_link {
        out::line(&format!("Make yourself the first owner (within an hour, once): {link}"));
    }
    if let Some(token) = dev_token {
        out::line(&format!(
            "\n  export REEVE_URL=http://{}\n  export REEVE_TOKEN={}\n\n  API docs: http://{}/api/docs\n",
            app.address,
            token.expose(),
            app.address
        ));
    }
}

/// Reads or makes `admin-token` in the data directory, for this user alone.
fn dev_token(data_dir: &Path) -> std::io::Result<Secret> {
    let path = data_dir.join("admin-token");
    match fs::read_to_string(&path) {
        Ok(text) => {
            if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
                return Err(std::io::Error::other("is open to others; close it with chmod 600"));
            }
            Ok(Secret::new(text.trim()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(data_dir)?;
            let token = IdGen::default().secret("reeve-admin-");
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            writeln!(file, "{}", token.expose())?;
            Ok(token)
        }
        Err(error) => Err(error),
    }
}
