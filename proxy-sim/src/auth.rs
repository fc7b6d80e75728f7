//! Who calls, and what they may: the checks LiteLLM makes before any route, in LiteLLM's order (measured on
//! 1.109.1, because which refusal comes first decides what a probe sees). Used by `api` and `inference`.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::api::Who;
use crate::db::{Db, KeyRow, TeamRow};
use crate::error::{ApiError, repr};
use crate::inference::Kind;
use crate::world::{Inner, Settings};

#[derive(Debug)]
pub(crate) enum Caller {
    Nobody,
    Master,
    Key { key: Box<KeyRow>, team: Option<Box<TeamRow>> },
}

/// What is asked for.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    /// The model whose right is checked.
    pub(crate) model: Option<&'a str>,
    /// Only inference is checked against budgets.
    pub(crate) inference: bool,
    pub(crate) master_key: &'a str,
}

pub(crate) fn authenticate(
    inner: &mut Inner,
    instance: usize,
    headers: &HeaderMap,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> Result<Caller, ApiError> {
    let Some(secret) = secret(headers) else {
        return Err(ApiError::auth("No api key passed in."));
    };
    if secret == request.master_key {
        return Ok(Caller::Master);
    }
    if !inner.settings.database {
        return Err(ApiError::proxy(400, "no_db_connection", None, "No connected db."));
    }
    if !secret.starts_with("sk-") {
        let message = "LiteLLM Virtual Key expected. Received=****, expected to start with 'sk-'.";
        return Err(ApiError::proxy(401, "auth_error", None, message));
    }
    let Inner { db, views, settings, .. } = inner;
    let view = &mut views[instance];
    let Some(mut key) = view.key(db, &Db::token_of(secret), now) else {
        let message = "Authentication Error, Invalid API key provided.";
        return Err(ApiError::proxy(401, "token_not_found_in_db", Some("key"), message));
    };
    // Spend counters are shared and current even where the cached row is stale.
    if let Some(spend) = db.keys.get(&key.token).and_then(|row| row.number("spend")) {
        key.set("spend", spend);
    }
    if key.is_blocked() {
        return Err(ApiError::auth("Key is blocked. Update via `/key/unblock` if you're an admin."));
    }
    let mut team = key.str("team_id").and_then(|id| view.team(db, id, now));
    if let Some(team) = &mut team
        && let Some(spend) = db.teams.get(&team.id).and_then(|row| row.number("spend"))
    {
        team.set("spend", spend);
    }
    let groups = request.model.map(|model| access_groups(view, model)).unwrap_or_default();
    if let Some(model) = request.model
        && !may_use(&key.list("models"), model, &groups)
    {
        return Err(model_denied(settings, "key_model_access_denied", model));
    }
    check_expiry(&key, settings, now)?;
    if request.inference {
        check_key_budget(&key, settings)?;
    }
    if let Some(id) = key.str("team_id")
        && team.is_none()
        && !settings.is_old()
    {
        let message = format!("Team doesn't exist in db. Team={id}. Create team via `/team/new` call.");
        return Err(ApiError::proxy(404, "auth_error", None, repr("error", &message)));
    }
    check_route(&key, request.path)?;
    if let Some(team) = &team {
        if team.is_blocked() {
            let message =
                format!("Team={} is blocked. Update via `/team/unblock` if you're an admin.", team.id);
            return Err(ApiError::auth(&message));
        }
        if let Some(model) = request.model
            && !may_use(&team.list("models"), model, &groups)
        {
            return Err(model_denied(settings, "team_model_access_denied", model));
        }
        if request.inference {
            check_team_budget(team, settings)?;
        }
    }
    Ok(Caller::Key { key: Box::new(key), team: team.map(Box::new) })
}

/// Refuses keys that are not an admin's on an admin's route, as that route's family does.
pub(crate) fn allow(who: Who, caller: &Caller, path: &str) -> Result<(), ApiError> {
    if !matches!(caller, Caller::Key { .. }) || matches!(who, Who::Open | Who::AnyKey) {
        return Ok(());
    }
    let model_call = "User does not have permission to make this model call. Your role=internal_user. You can only \
        make model calls if you are a PROXY_ADMIN or if you are a team admin, by specifying a team_id in the model_info.";
    Err(match who {
        Who::ModelAdmin => ApiError::wrapped(403, model_call),
        Who::ModelPatchAdmin => ApiError::detail_error(403, model_call),
        Who::KeyLister => {
            let message = "You are not authorized to access this endpoint. No 'user_id' is associated with your API key.";
            ApiError::proxy(403, "bad_request_error", Some("user_id"), message)
        }
        Who::TeamLister => {
            let message = "Only admin users can query all teams/other teams. Your user role=internal_user";
            ApiError::detail_error(401, message)
        }
        Who::TeamEditor => ApiError::proxy(403, "auth_error", None, "You do not have access to this team"),
        Who::Open | Who::AnyKey | Who::Admin => ApiError::auth(&format!(
            "Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route={path}. Your role=unknown. Your user_id=*******"
        )),
    })
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = value("authorization").map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
    bearer.or_else(|| value("x-api-key")).or_else(|| value("api-key")).filter(|secret| !secret.is_empty())
}

/// LiteLLM's reading of a `models` list: empty means everything.
pub(crate) fn may_use(allowed: &[&str], model: &str, groups: &[String]) -> bool {
    allowed.is_empty()
        || allowed.iter().any(|name| match *name {
            // The team's own list is checked later.
            "*" | "all-proxy-models" | "all-team-models" => true,
            "no-default-models" => false,
            name => {
                name == model
                    || name.strip_suffix('*').is_some_and(|head| model.starts_with(head))
                    || groups.iter().any(|group| group == name)
            }
        })
}

fn access_groups(view: &crate::view::View, model: &str) -> Vec<String> {
    view.deployments(model)
        .into_iter()
        .filter_map(|row| row.info.get("access_groups")?.as_array())
        .flatten()
        .filter_map(|group| group.as_str().map(str::to_owned))
        .collect()
}

/// 401 in old versions (1.80), 403 since (1.96).
fn model_denied(settings: &Settings, kind: &str, model: &str) -> ApiError {
    let message = format!(
        "The requested model '{model}' is not available for this API key, or the model name is invalid. Check the models available to you and try again."
    );
    ApiError::proxy(if settings.is_old() { 401 } else { 403 }, kind, Some("model"), message)
}

fn check_expiry(key: &KeyRow, settings: &Settings, now: DateTime<Utc>) -> Result<(), ApiError> {
    let Some(expires) = key.expires().filter(|at| *at < now) else { return Ok(()) };
    let message =
        format!("Authentication Error - Expired Key. Key Expiry time {expires} and current time {now}");
    let status = if settings.is_old() { 400 } else { 401 };
    Err(ApiError::proxy(status, "expired_key", key.str("key_name"), message))
}

fn check_key_budget(key: &KeyRow, settings: &Settings) -> Result<(), ApiError> {
    let spend = key.number("spend").unwrap_or_default();
    match key.number("max_budget") {
        Some(max) if spend >= max => {
            let alias = key.str("key_alias").unwrap_or("key");
            let name = key.str("key_name").unwrap_or_default();
            Err(over_budget(settings, &format!("Key={alias} ({name})"), spend, max))
        }
        _ => Ok(()),
    }
}

/// A team's budget of 0 lets the first call through, a key's does not.
fn check_team_budget(team: &TeamRow, settings: &Settings) -> Result<(), ApiError> {
    let spend = team.number("spend").unwrap_or_default();
    match team.number("max_budget") {
        Some(max) if spend > max || (spend >= max && max > 0.0) => {
            Err(over_budget(settings, &format!("Team={}", team.id), spend, max))
        }
        _ => Ok(()),
    }
}

fn over_budget(settings: &Settings, whose: &str, spend: f64, max: f64) -> ApiError {
    let status = match () {
        () if settings.since(104) => 422,
        () if settings.since(86) => 429,
        () => 400,
    };
    let message = format!("Budget has been exceeded! {whose} Current cost: {spend:?}, Max budget: {max:?}");
    ApiError::proxy(status, "budget_exceeded", None, message)
}

/// `allowed_routes`: paths, paths with a final star, or groups. Empty allows everything.
fn check_route(key: &KeyRow, path: &str) -> Result<(), ApiError> {
    let allowed = key.list("allowed_routes");
    let permits = |route: &&str| match *route {
        "llm_api_routes" | "openai_routes" => path.ends_with("/models") || Kind::of("POST", path).is_some(),
        "info_routes" => path.ends_with("/info") || path.ends_with("/list") || path.ends_with("/models"),
        "management_routes" => ["/key/", "/team/", "/model/"].iter().any(|head| path.starts_with(head)),
        route => route == path || route.strip_suffix('*').is_some_and(|head| path.starts_with(head)),
    };
    if allowed.is_empty() || allowed.iter().any(permits) {
        return Ok(());
    }
    let list: Vec<String> = allowed.iter().map(|route| format!("'{route}'")).collect();
    let message = format!(
        "Virtual key is not allowed to call this route. Only allowed to call routes: [{}]. Tried to call route: {path}",
        list.join(", ")
    );
    Err(ApiError::detail(403, message))
}

#[cfg(test)]
mod tests {
    use super::may_use;

    #[test]
    fn an_empty_list_is_everything_and_no_default_models_is_nothing() {
        assert!(may_use(&[], "m", &[]));
        assert!(!may_use(&["no-default-models"], "m", &[]));
        assert!(may_use(&["m"], "m", &[]) && !may_use(&["m"], "n", &[]));
        assert!(may_use(&["*"], "m", &[]) && may_use(&["openai/*"], "openai/x", &[]));
        assert!(may_use(&["group"], "m", &["group".to_owned()]));
    }
}
