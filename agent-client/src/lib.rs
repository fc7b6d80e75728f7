//! The agent's side of Reeve: holds an identity, keeps a session with the control plane, and hands on what the agent
//! may use, as it changes.
//!
//! Programs embed it ([`ReeveAgent::connect`]) or run under the binary `reeve-agent`, which uses nothing but what is
//! public here. It never calls a model itself, and no key of it goes to a log, a Debug or a URL.
//!
//! ```no_run
//! # async fn example() -> Result<(), reeve_agent::AgentError> {
//! use reeve_agent::{AgentConfigState, AgentOptions, ControlPlaneUrl, ReeveAgent, StateDir};
//!
//! let url = ControlPlaneUrl::parse("https://reeve.example")?;
//! let dir = StateDir::open("/var/lib/my-agent")?;
//! let identity = dir.load_or_create_identity()?;
//! reeve_agent::enroll(&url, &identity, "my-agent", Some("the enrolment token")).await?;
//!
//! let agent = ReeveAgent::connect(AgentOptions::new(url, identity, dir)).await?;
//! let mut configs = agent.configs();
//! while configs.changed().await.is_ok() {
//!     let state = configs.borrow_and_update().clone();
//!     if let AgentConfigState::Current(current) = &*state {
//!         println!("version {}: {}", current.version, current.document.state());
//!     }
//! }
//! # Ok(()) }
//! ```

mod agent;
mod backoff;
mod clock;
mod config_state;
mod control_plane;
mod driver;
mod enroll;
mod env;
mod error;
mod identity;
mod last_config;
mod machine;
mod reachable;
mod socket;
mod state_dir;
mod status;

pub use agent::{AgentOptions, ReeveAgent, Rejection};
pub use backoff::Timing;
pub use config_state::{AgentConfigState, CurrentConfig};
pub use control_plane::ControlPlaneUrl;
pub use enroll::enroll;
pub use env::{Environment, environment};
pub use error::{AgentError, Problem};
pub use identity::Identity;
pub use reachable::reachable;
pub use reeve_protocol as protocol;
pub use state_dir::{SessionLock, Settings, StateDir};
pub use status::{AgentStatus, Connection, RejectedDocument, SavedStatus};
