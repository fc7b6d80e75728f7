//! The LiteLLM client: the only place that speaks HTTP to a proxy.
//!
//! [`ProxyApi`] is what the reconciler, the sweeper and the health check call; [`HttpProxy`] is it over HTTP. No
//! call retries: an answer is classified ([`ProxyError`]) and whoever holds the lease decides.

mod api;
mod deployments;
mod enforcement;
mod error;
mod http;
mod keys;
mod limits;
mod message;
mod metrics;
mod observed;
mod probe;
mod right;
mod teams;
#[cfg(test)]
mod tests;
mod types;

pub use api::ProxyApi;
pub use enforcement::CHECK_PREFIX;
pub use error::{ErrorClass, ErrorKind, ProxyError};
pub use http::{HttpProxy, ProxyConfig};
pub use limits::Limits;
pub use metrics::describe as describe_metrics;
pub use observed::{ObservedDeployment, ObservedKey, ObservedTeam};
pub use probe::{License, Probe, Unsupported, Version};
pub use right::{Asked, Right};
pub use types::{BudgetChange, DeploymentBody, ExpiryChange, KeyBody, KeyHash, Mark, TeamBody};
