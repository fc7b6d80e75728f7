//! `/api/explain`: whether an agent can call a model, and why.

pub mod get;
