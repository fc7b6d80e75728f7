//! `/api/agents`

pub mod approve;
pub mod delete;
pub mod enroll;
pub mod get;
pub mod list;
pub mod llm_config;
pub mod realm_llm;
pub mod revoke;
