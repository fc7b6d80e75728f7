//! The command line: what can be typed, and which file does it.

mod child;
mod enroll;
mod exec;
mod exit;
mod feed;
mod place;
mod print;
mod run;
mod serve;
mod status;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use place::Place;

#[derive(Parser)]
#[command(
    name = "reeve-agent",
    version,
    about = "Gives programs the LLM access that Reeve grants to this agent"
)]
#[command(after_help = exit::HELP)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// How to print: for people, or as JSON for programs.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Make an identity, if there is none, and enrol it with a control plane.
    Enroll(enroll::Enroll),
    /// Keep the session and print what changes, until stopped.
    Run,
    /// Wait for a config, then run a command with it in its environment.
    Exec(exec::Exec),
    /// Show this agent's identity, session and config. The key is shown as its last four characters only.
    Status,
    /// Keep the session and hand the config to local programs: GET /config with the token in the file `serve-token`.
    Serve(serve::Serve),
}

pub fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .finish();
    // Not `init()`: that also takes up what the `log` crate is given, and the WebSocket library gives it whole frames, keys
    // included, at trace level.
    if let Err(error) = tracing::subscriber::set_global_default(log) {
        anstream::eprintln!("reeve-agent: nothing is logged: {error}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("reeve-agent: the runtime cannot start: {error}");
            return ExitCode::from(exit::OTHER);
        }
    };
    let Args { place, output, command } = args;
    let done = runtime.block_on(async {
        match command {
            Command::Enroll(command) => enroll::enroll(&place, output, command).await,
            Command::Run => run::run(&place, output).await,
            Command::Exec(command) => exec::exec(&place, command).await,
            Command::Status => status::status(&place, output),
            Command::Serve(command) => serve::serve(&place, output, command).await,
        }
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            anstream::eprintln!("reeve-agent: {failure}");
            ExitCode::from(failure.code)
        }
    }
}
