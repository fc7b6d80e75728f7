//! The command line of `reeve`: the service's own commands. The admin client is `cli`.
//!
//! Exit codes: 0 done; 1 it failed; 2 wrong usage or configuration (clap's own code). The admin client's are in
//! docs/CLI.md.

mod doctor;
mod kek;
mod migrate;
mod openapi;
mod out;
mod serve;
mod setup_link;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, variables};

/// Wrong usage or configuration.
const EXIT_USAGE: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "reeve",
    version,
    about = "Control plane for a fleet of LiteLLM proxies",
    max_term_width = 110
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the control plane. Configured by the environment.
    #[command(after_long_help = variables::help())]
    Serve,
    /// Run the control plane for development: readable logs, and the admin token is kept in the data directory and
    /// printed at every start.
    Dev,
    /// Bring the database's schema up to date, and say what was done.
    Migrate,
    /// Check configuration, database, master key and proxies, and say what to do about what is wrong.
    Doctor,
    /// Care for the key-encryption keys: add one, seal everything again, see which may go.
    #[command(subcommand)]
    Kek(kek::Kek),
    /// Make the link that makes an owner, for when nobody can sign in. Whoever holds the database may.
    SetupLink,
    /// Print the OpenAPI document.
    Openapi,
    #[command(flatten)]
    Admin(Box<crate::cli::AdminCommand>),
}

/// Parses the command line and runs it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Openapi => openapi::run(),
        Command::Admin(command) => crate::cli::run(*command),
        Command::Serve => with_config(|config| serve::run(&config)),
        Command::Dev => with_config(serve::run_dev),
        Command::Migrate => with_config(|config| migrate::run(&config)),
        Command::SetupLink => with_config(|config| setup_link::run(&config)),
        Command::Doctor => doctor::run(),
        Command::Kek(command) => with_config(|config| kek::run(&command, &config)),
    }
}

fn with_config(run: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::from_process() {
        Ok(config) => run(config),
        Err(errors) => {
            out::problem(&errors.to_string());
            ExitCode::from(EXIT_USAGE)
        }
    }
}
