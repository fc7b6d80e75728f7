//! The LiteLLM client: the only place that speaks HTTP to a proxy.
