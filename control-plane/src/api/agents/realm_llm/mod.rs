//! `/api/agents/{did}/realm-llm`

pub mod get;
