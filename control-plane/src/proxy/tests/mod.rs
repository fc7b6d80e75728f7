//! Tests of the client: against a mock server for what goes wrong, against whole proxies for what goes right.

mod failures;
mod requests;
mod walk;

use std::num::NonZeroU32;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::base::{ids::InstallationId, pulse::Pulse, secret::Secret};
use crate::domain::{
    access::{INFERENCE_ROUTES, ModelList},
    litellm_params::{self, LitellmParams},
    model_name::LitellmModelName,
    provider::Provider,
    url_policy::{Purpose, UrlPolicy},
};
use crate::outbound::{Outbound, Timeouts};

const MASTER_KEY: &str = "sk-marker-master-0123456789abcdef";
const VIRTUAL_KEY: &str = "sk-marker-virtual-0123456789abcdef";
const PROVIDER_KEY: &str = "marker-provider-0123456789abcdef";

fn outbound(timeouts: Timeouts) -> Outbound {
    Outbound::new(UrlPolicy::default(), Purpose::Proxy, timeouts).unwrap()
}

fn client(base_url: &str, master_key: &str, timeouts: Timeouts) -> HttpProxy {
    let limits = Limits {
        concurrency: 8,
        per_second: NonZeroU32::new(1000).unwrap(),
        burst: NonZeroU32::new(1000).unwrap(),
    };
    let master_key = Secret::new(master_key);
    let config = ProxyConfig {
        name: "test".to_owned(),
        base_url: base_url.to_owned(),
        master_key,
        limits,
        pulse: Pulse::default(),
    };
    HttpProxy::new(outbound(timeouts), config).unwrap()
}

fn mark(generation: i64) -> Mark {
    let owner = InstallationId(Uuid::from_u128(7));
    Mark { owner, id: Uuid::from_u128(9), generation, hash: "h".repeat(64) }
}

fn models(names: &[&str]) -> ModelList {
    names.iter().map(|name| LitellmModelName::parse(name).unwrap()).collect()
}

fn params(rpm: Option<u32>) -> LitellmParams {
    let provider = Provider::parse("openai-compatible").unwrap();
    let further = rpm.map(|rpm| ("rpm".to_owned(), json!(rpm))).into_iter().collect();
    let secret = Secret::new(PROVIDER_KEY);
    litellm_params::render(provider, "fake-model", Some("http://127.0.0.1:9900/v1"), Some(&secret), &further)
        .unwrap()
}

fn deployment(id: &str, name: &str, rpm: Option<u32>) -> DeploymentBody {
    let model_name = LitellmModelName::parse(name).unwrap();
    DeploymentBody { litellm_id: id.to_owned(), model_name, litellm_params: params(rpm), mark: mark(1) }
}

fn team(id: &str, models: ModelList) -> TeamBody {
    TeamBody {
        team_id: id.to_owned(),
        team_alias: format!("alias of {id}"),
        models,
        max_budget: Some(5.0),
        budget_duration: Some("1mo"),
        blocked: false,
        mark: mark(1),
    }
}

fn key(secret: &str, alias: &str, team_id: &str, models: ModelList) -> KeyBody {
    KeyBody {
        secret: Secret::new(secret),
        key_alias: alias.to_owned(),
        team_id: team_id.to_owned(),
        models,
        max_budget: Some(5.0),
        budget_duration: Some("1mo"),
        allowed_routes: INFERENCE_ROUTES.to_vec(),
        duration: Some("31d".to_owned()),
        spend: 0.0,
        blocked: false,
        ends_at: None,
        mark: mark(1),
    }
}
