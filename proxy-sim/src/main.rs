//! `proxy-sim`: serves the simulator on an address, for demos and for tests in another process. Everything it can
//! do is in the library.

use std::net::SocketAddr;

use clap::Parser;
use proxy_sim::{Lag, Settings, Sim, SimConfig};

/// A LiteLLM simulator. It keeps its state in memory; it is not a proxy for production.
#[derive(Parser)]
struct Args {
    /// Address of the first instance; further instances take ephemeral ports.
    #[arg(long, env = "PROXY_SIM_LISTEN", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,
    /// The admin key, `sk-...`.
    #[arg(long, env = "PROXY_SIM_MASTER_KEY", hide_env_values = true, default_value = "sk-master-1234")]
    master_key: String,
    /// OpenAI-compatible base URL for deployments without an `api_base`; without it they answer "pong".
    #[arg(long, env = "PROXY_SIM_UPSTREAM")]
    upstream: Option<String>,
    /// LiteLLM version to imitate.
    #[arg(long, default_value = "1.109.1")]
    litellm_version: String,
    /// How many LiteLLM instances share the state.
    #[arg(long, default_value_t = 1)]
    instances: usize,
    /// Poll period of models and credentials in an instance, in milliseconds.
    #[arg(long, default_value_t = Lag::LITELLM.models_ms)]
    model_lag_ms: u32,
    /// Life of a cached key or team in an instance, in milliseconds.
    #[arg(long, default_value_t = Lag::LITELLM.auth_ms)]
    auth_lag_ms: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let lag = Lag { models_ms: args.model_lag_ms, auth_ms: args.auth_lag_ms };
    let sim = Sim::start(SimConfig {
        listen: args.listen,
        master_key: args.master_key,
        upstream: args.upstream,
        settings: Settings { version: args.litellm_version, ..Settings::default() },
        instances: vec![lag; args.instances],
        balanced: false,
    })
    .await?;
    for instance in 0..args.instances {
        if let Some(url) = sim.instance_url(instance) {
            say(&format!("proxy-sim: instance {instance} at {url}"));
        }
    }
    tokio::select! {
        ended = sim.join() => Ok(ended?),
        stopped = terminated() => Ok(stopped?),
    }
}

async fn terminated() -> std::io::Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = term.recv() => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "where it listens is this program's output")]
fn say(line: &str) {
    println!("{line}");
}
