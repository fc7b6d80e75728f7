//! Pure types and rules of the registry; no async, no SQL, no HTTP.

pub mod access;
pub mod litellm_params;
pub mod model_name;
pub mod provider;
pub mod url_policy;
