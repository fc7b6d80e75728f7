//! Pure types and rules of the registry; no async, no SQL, no HTTP.

pub mod access;
pub mod agent;
pub mod api_token;
pub mod change;
pub mod credential;
pub mod drift;
pub mod enforcement;
pub mod error;
pub mod foreign;
pub mod freeze;
pub mod grant;
pub mod identity;
pub mod litellm_params;
pub mod model;
pub mod model_name;
pub mod object;
pub mod permission;
pub mod person;
pub mod placement;
pub mod provider;
pub mod proxy;
pub mod realm;
pub mod role;
pub mod settings;
pub mod slug;
pub mod url_policy;
