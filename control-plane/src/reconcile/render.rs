//! From what the store wants to the bodies a proxy is sent, each with the hash that later tells whether it is still
//! what we wrote. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    base::{hash::canonical_sha256, ids::InstallationId},
    domain::{
        access::{INFERENCE_ROUTES, ModelList},
        change::Revision,
        litellm_params,
        model_name::LitellmModelName,
        object::litellm_team_id,
        provider::Provider,
    },
    proxy::{DeploymentBody, KeyBody, Mark, TeamBody},
    store::desired::{DesiredDeployment, DesiredKey, DesiredTeam},
};

/// LiteLLM's word for a calendar month; it resets on the 1st (LITELLM.md D). A budget always has a period.
pub const BUDGET_PERIOD: &str = "1mo";

/// A key ends by itself when nobody renews it: if Reeve is gone for good, so are its keys.
pub const KEY_LIFETIME: &str = "90d";

/// Why something that is wanted cannot be said to a proxy. Registering it checks the same rules, so this is a rule
/// that became stricter since.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unsayable(pub String);

/// `litellm_id` is its name on this proxy.
pub fn deployment(
    owner: InstallationId,
    generation: Revision,
    litellm_id: &str,
    d: &DesiredDeployment,
) -> Result<DeploymentBody, Unsayable> {
    let provider = Provider::parse(&d.provider).map_err(|e| Unsayable(e.to_string()))?;
    let mut further = d.litellm_params.clone();
    if let Some(order) = d.routing_order {
        further.insert("order".to_owned(), order.into());
    }
    if let Some(weight) = d.weight {
        further.insert("weight".to_owned(), weight.into());
    }
    let params = litellm_params::render(
        provider,
        &d.upstream_model_id,
        d.base_url.as_deref(),
        d.credential.as_ref().map(|c| &c.api_key),
        &further,
    )
    .map_err(|e| Unsayable(e.to_string()))?;
    let model_name = LitellmModelName::parse(&d.model_name).map_err(|e| Unsayable(e.to_string()))?;
    // The secret itself is not hashed: its credential and generation say which one it is.
    let hash = canonical_sha256(&json!({
        "id": litellm_id,
        "name": model_name,
        "params": params.public(),
        "names": params.names(),
        "secret": d.credential.as_ref().map(|c| format!("{}:{}", c.id, c.generation)),
    }));
    Ok(DeploymentBody {
        litellm_id: litellm_id.to_owned(),
        model_name,
        litellm_params: params,
        mark: Mark { owner, id: d.id.0, generation, hash },
    })
}

pub fn team(owner: InstallationId, generation: Revision, d: &DesiredTeam) -> Result<TeamBody, Unsayable> {
    let models = models(&d.models)?;
    let mut body = TeamBody {
        team_id: litellm_team_id(d.realm_id),
        team_alias: format!("reeve:{owner}:{}", d.slug),
        blocked: models.is_none(),
        models,
        max_budget: d.monthly_budget_usd,
        budget_duration: d.monthly_budget_usd.map(|_| BUDGET_PERIOD),
        mark: Mark { owner, id: d.realm_id.0, generation, hash: String::new() },
    };
    body.mark.hash = canonical_sha256(&json!({
        "id": body.team_id, "alias": body.team_alias, "models": body.models, "budget": body.max_budget,
        "period": body.budget_duration, "blocked": body.blocked,
    }));
    Ok(body)
}

/// The same list and budget as the team: two locks must fail before an agent calls what its realm was not granted.
pub fn key(
    owner: InstallationId,
    generation: Revision,
    d: &DesiredKey,
    now: DateTime<Utc>,
) -> Result<KeyBody, Unsayable> {
    let models = models(&d.team.models)?;
    let mut body = KeyBody {
        secret: d.secret.clone(),
        key_alias: format!("reeve:{owner}:{}:{}", d.team.slug, d.generation),
        team_id: litellm_team_id(d.team.realm_id),
        blocked: models.is_none(),
        models,
        max_budget: d.team.monthly_budget_usd,
        budget_duration: d.team.monthly_budget_usd.map(|_| BUDGET_PERIOD),
        allowed_routes: INFERENCE_ROUTES.to_vec(),
        duration: Some(d.ends_at.map_or_else(|| KEY_LIFETIME.to_owned(), |at| lifetime(at - now))),
        ends_at: d.ends_at,
        spend: d.spend,
        mark: Mark { owner, id: d.id.0, generation, hash: String::new() },
    };
    body.mark.hash = canonical_sha256(&json!({
        "token": body.hash().as_str(), "alias": body.key_alias, "team": body.team_id, "models": body.models,
        "budget": body.max_budget, "period": body.budget_duration, "routes": body.allowed_routes,
        "blocked": body.blocked,
    }));
    Ok(body)
}

/// In LiteLLM's words; one that is over ends in a minute, since there is no shorter way to say it.
fn lifetime(left: TimeDelta) -> String {
    format!("{}s", left.num_seconds().max(60))
}

fn models(names: &[String]) -> Result<ModelList, Unsayable> {
    names.iter().map(|n| LitellmModelName::parse(n).map_err(|e| Unsayable(e.to_string()))).collect()
}
