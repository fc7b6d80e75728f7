//! A LiteLLM simulator: the management and inference calls that Reeve and its agents make, with LiteLLM's real
//! quirks (as measured on 1.109.1) and faults that tests inject. Tests start it in-process with [`Sim::start`];
//! the binary `proxy-sim` serves it for demos. What holds it to the real LiteLLM is the conformance suite in
//! `tests/`. It stores nothing on disk and is no proxy for production.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use proxy_sim::{Fault, Rule, Sim, SimConfig};
//! let sim = Sim::start(SimConfig::default()).await?;
//! sim.state().fault(Rule::new(Fault::ResponseLost).on("POST", "/key/generate").once());
//! println!("{} {}", sim.url(), sim.master_key());
//! # Ok(()) }
//! ```

mod api;
mod auth;
mod clock;
mod conn;
mod db;
mod duration;
mod error;
mod faults;
mod hold;
mod inference;
mod record;
mod serve;
mod state;
mod view;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use crate::db::hash;
pub use crate::faults::{Fault, Rule};
pub use crate::hold::Held;
pub use crate::record::Recorded;
pub use crate::state::SimState;
pub use crate::view::Lag;
pub use crate::world::Settings;

/// How to start a simulator. The default is one instance of LiteLLM 1.109.1 on an ephemeral loopback port.
#[derive(Clone)]
pub struct SimConfig {
    /// Where the first instance listens; further instances take ephemeral ports on the same address.
    pub listen: SocketAddr,
    pub master_key: String,
    /// OpenAI-compatible base URL (`.../v1`) for deployments that name no `api_base`. Without it, those are
    /// answered with "pong" by the simulator itself. Deployments with an `api_base` always go there.
    pub upstream: Option<String>,
    pub settings: Settings,
    /// One entry per instance behind the one database: how far it may lag behind the others.
    pub instances: Vec<Lag>,
    /// The first address hands its requests to all instances in turn, as a load balancer does.
    pub balanced: bool,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            master_key: "sk-master-1234".to_owned(),
            upstream: None,
            settings: Settings::default(),
            instances: vec![Lag::LITELLM],
            balanced: false,
        }
    }
}

/// A running simulator; it stops, and cuts its connections, when dropped.
#[derive(Debug)]
pub struct Sim {
    addrs: Vec<SocketAddr>,
    state: SimState,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
}

impl Sim {
    /// Binds and serves. Fails if an address cannot be bound or no instance is configured.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        let SimConfig { listen, master_key, upstream, settings, instances, balanced } = config;
        if instances.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "`instances` needs at least one entry"));
        }
        let world =
            world::World::new(master_key, upstream, settings, &instances).map_err(io::Error::other)?;
        let state = SimState { world: Arc::new(world) };
        let stop = CancellationToken::new();
        let mut servers = JoinSet::new();
        let mut addrs = Vec::new();
        for instance in 0..instances.len() {
            let addr = if instance == 0 { listen } else { SocketAddr::new(listen.ip(), 0) };
            let listener = TcpListener::bind(addr).await?;
            addrs.push(listener.local_addr()?);
            let whose = if balanced && instance == 0 { 0..instances.len() } else { instance..instance + 1 };
            servers.spawn(serve::run(listener, state.clone(), whose, stop.clone()));
        }
        Ok(Self { addrs, state, stop, servers })
    }

    /// Base URL of the first instance, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addrs[0])
    }

    /// Base URL of an instance, counted from 0.
    pub fn instance_url(&self, instance: usize) -> Option<String> {
        self.addrs.get(instance).map(|addr| format!("http://{addr}"))
    }

    pub fn master_key(&self) -> &str {
        &self.state.world.master_key
    }

    /// The handle for tests.
    pub fn state(&self) -> SimState {
        self.state.clone()
    }

    /// Serves until a listener fails.
    pub async fn join(mut self) -> io::Result<()> {
        match self.servers.join_next().await {
            Some(ended) => ended.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.cancel();
        self.state.world.holds.release_all();
    }
}
