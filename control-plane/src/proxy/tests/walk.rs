//! Every call of `ProxyApi`, in the order in which an object lives, against whole proxies: the simulator always, a real LiteLLM
//! when `REEVE_TEST_LITELLM_URL` and `REEVE_TEST_LITELLM_MASTER_KEY` name one.

use proxy_sim::{Settings, Sim, SimConfig};

use super::*;
use crate::base::idgen::IdGen;

#[tokio::test]
async fn a_probe_of_the_simulator_tells_what_is_missing() {
    let settings = Settings::default;
    for (settings, code) in [
        (settings(), None),
        (Settings { database: false, ..settings() }, Some("no_database")),
        (Settings { store_model_in_db: false, ..settings() }, Some("no_model_store")),
        (Settings { version: "1.79.0".to_owned(), ..settings() }, Some("version_too_old")),
        (Settings { version: "1.83.0".to_owned(), ..settings() }, None),
    ] {
        let sim = Sim::start(SimConfig { settings, ..SimConfig::default() }).await.unwrap();
        let probe = client(&sim.url(), sim.master_key(), Timeouts::default()).probe().await.unwrap();
        assert_eq!(probe.unsupported.map(Unsupported::code), code, "{probe:?}");
    }
}

/// Ids, names and secrets of one run, so that runs can share a proxy.
struct Run {
    tag: String,
    secret: Secret,
}

impl Run {
    fn new() -> Self {
        let ids = IdGen::default();
        Self { tag: ids.uuid().simple().to_string(), secret: ids.secret("sk-") }
    }

    fn named(&self, what: &str) -> String {
        format!("reeve-test-{what}-{}", self.tag)
    }

    fn model(&self) -> String {
        format!("openai/{}", self.named("model"))
    }
}

#[tokio::test]
async fn every_call_works_against_whole_proxies() {
    let timeouts = Timeouts::default();
    let sim = Sim::start(SimConfig::default()).await.unwrap();
    walk(&client(&sim.url(), sim.master_key(), timeouts)).await;
    println!("every call: ran against proxy-sim");
    match (std::env::var("REEVE_TEST_LITELLM_URL"), std::env::var("REEVE_TEST_LITELLM_MASTER_KEY")) {
        (Ok(url), Ok(master_key)) => {
            walk(&client(&url, &master_key, timeouts)).await;
            println!("every call: ran against the LiteLLM at {url}");
        }
        _ => println!("every call: no LiteLLM named (REEVE_TEST_LITELLM_URL, REEVE_TEST_LITELLM_MASTER_KEY)"),
    }
}

async fn walk(api: &HttpProxy) {
    let probe = api.probe().await.unwrap();
    assert_eq!(probe.unsupported, None, "{probe:?}");
    assert_eq!(api.supports_param_removal().await.unwrap(), probe.param_removal);
    let run = Run::new();
    deployments(api, &run).await;
    api.create_deployment(&deployment(&run.named("d"), &run.model(), None)).await.unwrap();
    teams_and_keys(api, &run).await;
    assert!(api.delete_deployment(&run.named("d")).await.unwrap());
}

async fn deployments(api: &HttpProxy, run: &Run) {
    let id = run.named("d");
    let mut body = deployment(&id, &run.model(), Some(7));
    assert_eq!(api.deployment(&id).await.unwrap(), None);
    assert!(!api.delete_deployment(&id).await.unwrap());
    assert!(api.update_deployment(&body, &[]).await.unwrap_err().is_not_found());

    api.create_deployment(&body).await.unwrap();
    let again = api.create_deployment(&body).await.unwrap_err();
    assert!(again.is_ambiguous() || again.is_already_exists(), "{again}");
    let found = api.deployment(&id).await.unwrap().unwrap();
    assert_eq!((&found.mark, found.model_name.as_str()), (&Some(mark(1)), run.model().as_str()));
    assert!(found.in_database && found.params.contains("rpm"));
    assert!(!found.params.contains("api_key"), "a provider's key is not told again");
    assert_eq!(found.upstream_model.as_deref(), Some("openai/fake-model"));
    assert_eq!(found.api_base.as_deref(), Some("http://127.0.0.1:9900/v1"));
    assert!(api.deployments().await.unwrap().contains(&found));

    body.mark = mark(2);
    body.litellm_params = params(None);
    if api.supports_param_removal().await.unwrap() {
        api.update_deployment(&body, &["rpm".to_owned()]).await.unwrap();
        let found = api.deployment(&id).await.unwrap().unwrap();
        assert_eq!(found.mark, Some(mark(2)));
        assert!(!found.params.contains("rpm"));
    }
    assert!(api.delete_deployment(&id).await.unwrap());
    assert_eq!(api.deployment(&id).await.unwrap(), None);
}

async fn teams_and_keys(api: &HttpProxy, run: &Run) {
    let model = run.model();
    let allowed = models(&[&model]);
    let mut team = team(&run.named("t"), ModelList::none());
    assert_eq!(api.team(&team.team_id).await.unwrap(), None);
    assert!(api.update_team(&team, BudgetChange::Keep).await.unwrap_err().is_not_found());
    assert!(!api.delete_team(&team.team_id).await.unwrap());
    team.blocked = true;
    api.create_team(&team).await.unwrap();
    assert!(api.create_team(&team).await.unwrap_err().is_already_exists());
    let found = api.team(&team.team_id).await.unwrap().unwrap();
    assert!(found.blocked && team.models.equals(&found.models));
    assert_eq!((found.max_budget, found.budget_duration.as_deref()), (Some(5.0), Some("1mo")));
    assert_eq!((&found.mark, found.team_alias.as_deref()), (&Some(mark(1)), Some(team.team_alias.as_str())));
    assert!(found.budget_reset_at.is_some());
    assert!(api.teams().await.unwrap().contains(&found));

    (team.blocked, team.models, team.mark) = (false, allowed.clone(), mark(2));
    api.update_team(&team, BudgetChange::Keep).await.unwrap();
    let changed = api.team(&team.team_id).await.unwrap().unwrap();
    assert!(!changed.blocked && allowed.equals(&changed.models));
    assert_eq!((changed.mark, changed.budget_reset_at), (Some(mark(2)), found.budget_reset_at));

    keys(api, run, &team).await;

    for blocked in [true, false] {
        api.set_team_blocked(&team.team_id, blocked).await.unwrap();
        assert_eq!(api.team(&team.team_id).await.unwrap().unwrap().blocked, blocked);
    }
    (team.max_budget, team.budget_duration) = (None, None);
    api.update_team(&team, BudgetChange::Set).await.unwrap();
    let found = api.team(&team.team_id).await.unwrap().unwrap();
    assert_eq!((found.max_budget, found.budget_duration), (None, None));
    assert!(api.delete_team(&team.team_id).await.unwrap());
    assert_eq!(api.team(&team.team_id).await.unwrap(), None);
}

async fn keys(api: &HttpProxy, run: &Run, team: &TeamBody) {
    let model = run.model();
    let allowed = models(&[&model]);
    let mut body = key(run.secret.expose(), &run.named("k"), &team.team_id, ModelList::none());
    let hash = body.hash();
    assert_eq!(api.key(&hash).await.unwrap(), None);
    assert_eq!(api.right(&body.secret, &model).await.unwrap().right, Right::Refused, "a key nobody knows");
    assert!(api.update_key(&body, BudgetChange::Keep, ExpiryChange::Keep).await.unwrap_err().is_not_found());
    assert!(api.set_key_blocked(&hash, true).await.unwrap_err().is_not_found());
    assert!(!api.delete_key(&hash).await.unwrap());

    api.create_key(&body).await.unwrap();
    assert!(api.create_key(&body).await.unwrap_err().is_already_exists(), "its alias");
    let found = api.key(&hash).await.unwrap().unwrap();
    assert!(!found.blocked && body.models.equals(&found.models));
    assert_eq!((&found.mark, found.key_alias.as_deref()), (&Some(mark(1)), Some(body.key_alias.as_str())));
    assert_eq!((found.max_budget, found.budget_duration.as_deref()), (Some(5.0), Some("1mo")));
    assert_eq!(
        (found.team_id.as_deref(), found.allowed_routes.len()),
        (Some(team.team_id.as_str()), INFERENCE_ROUTES.len())
    );
    assert!(found.expires.is_some());
    let listed = api.keys().await.unwrap();
    let listed = listed.iter().find(|key| key.hash == hash).unwrap();
    assert_eq!((&listed.mark, &listed.models, listed.expires), (&found.mark, &found.models, found.expires));
    assert_eq!(
        api.right(&body.secret, &model).await.unwrap().right,
        Right::Refused,
        "an empty list is no model"
    );

    (body.models, body.mark) = (allowed.clone(), mark(2));
    api.update_key(&body, BudgetChange::Keep, ExpiryChange::Keep).await.unwrap();
    let changed = api.key(&hash).await.unwrap().unwrap();
    assert!(allowed.equals(&changed.models));
    assert_eq!((changed.mark, changed.expires), (Some(mark(2)), found.expires));
    assert_eq!(api.right(&body.secret, &model).await.unwrap().right, Right::Allowed);
    assert_eq!(api.right(&body.secret, "openai/another").await.unwrap().right, Right::Refused);

    api.set_key_blocked(&hash, true).await.unwrap();
    assert!(api.key(&hash).await.unwrap().unwrap().blocked);
    assert_eq!(api.right(&body.secret, &model).await.unwrap().right, Right::Refused);
    api.set_key_blocked(&hash, false).await.unwrap();
    body.duration = Some("61d".to_owned());
    api.update_key(&body, BudgetChange::Set, ExpiryChange::Set).await.unwrap();
    let later = api.key(&hash).await.unwrap().unwrap();
    assert!(!later.blocked);
    let days = (later.expires.unwrap() - found.expires.unwrap()).num_days();
    assert!((29..=31).contains(&days), "{days} days later, not to the end of some month");

    assert!(api.delete_key(&hash).await.unwrap());
    assert_eq!(api.key(&hash).await.unwrap(), None);
    assert!(!api.keys().await.unwrap().iter().any(|key| key.hash == hash));
    assert_eq!(api.right(&body.secret, &model).await.unwrap().right, Right::Refused);
}
