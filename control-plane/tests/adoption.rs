//! Models and keys that others made on a proxy are taken over in place: whoever uses them goes on.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use chrono::TimeDelta;
use proxy_sim::SimConfig;
use reeve::{
    base::reach::Reach,
    base::secret::Secret,
    domain::{error::Error, object::ObjectKind},
    jobs::retire_keys,
    service::{
        grants, keys,
        models::{self, backend::Key},
        proxies::adopt::{self, NewAdoptedDeployment, NewAdoptedKey},
    },
    store::drift,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use support::{World, ctx};

const KEY: &str = "sk-theirs-0123456789abcdef";
const PROVIDER_KEY: &str = "sk-provider-new-0123456789";

/// A management call by hand.
async fn call(world: &World, path: &str, body: Value) -> Value {
    let url = format!("{}{path}", world.sim.url());
    let answer =
        reqwest::Client::new().post(url).bearer_auth(world.sim.master_key()).json(&body).send().await;
    let answer = answer.expect("an answer");
    let status = answer.status();
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A call of whoever holds the key.
async fn chat(world: &World, model: &str) -> StatusCode {
    let url = format!("{}/v1/chat/completions", world.sim.url());
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
    reqwest::Client::new().post(url).bearer_auth(KEY).json(&body).send().await.expect("an answer").status()
}

/// A proxy on which others made a model and a key, as a scan found it.
async fn theirs(pool: PgPool, key: Value) -> World {
    let world = World::with(pool, SimConfig::default()).await;
    let params = json!({ "model": "openai/gpt-test", "api_key": "sk-provider-old", "rpm": 100, "mock_response": "pong" });
    call(&world, "/model/new", json!({ "model_name": "gpt-4o", "litellm_params": params })).await;
    call(&world, "/team/new", json!({ "team_id": "their-team", "models": ["gpt-4o"] })).await;
    let mut body = json!({ "key": KEY, "key_alias": "bot", "models": ["gpt-4o"], "team_id": "their-team", "spend": 1.5 });
    for (name, value) in key.as_object().expect("fields") {
        body[name] = value.clone();
    }
    call(&world, "/key/generate", body).await;
    world.realm("red").await;
    world.reconciler.check(world.proxy).await.expect("probe");
    world.reconciler.scan(world.proxy).await.expect("scan");
    assert_eq!(chat(&world, "gpt-4o").await, 200);
    world
}

async fn litellm_id(world: &World) -> String {
    let mut conn = world.services.store.conn().await.expect("a connection");
    let found = drift::list(&mut conn, world.proxy, None, 100).await.expect("drift");
    let model = found.into_iter().find(|(d, _)| d.kind == ObjectKind::Deployment).expect("a foreign model");
    assert_eq!(model.0.name, "gpt-4o");
    model.0.external_id
}

async fn adopt_model(world: &World) -> reeve::domain::error::Result<()> {
    let new = NewAdoptedDeployment {
        litellm_id: litellm_id(world).await,
        provider: None,
        key: Key::Typed(Secret::new(PROVIDER_KEY)),
    };
    adopt::deployment(&world.services, &ctx(), "default", new).await.map(drop)
}

async fn adopt_key(world: &World, accept_changes: bool) -> reeve::domain::error::Result<()> {
    let new = NewAdoptedKey { key: Secret::new(KEY), realm: "red".to_owned(), accept_changes };
    adopt::key(&world.services, &ctx(), "default", new).await.map(drop)
}

fn their_key(world: &World) -> Value {
    let token = proxy_sim::hash(KEY);
    world.sim().keys().into_iter().find(|k| k["token"] == token.as_str()).expect("the key is there")
}

fn why(result: reeve::domain::error::Result<()>) -> (String, String) {
    match result.expect_err("refused") {
        Error::Conflict { code, message } => (code.to_owned(), message),
        other => (String::new(), other.to_string()),
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_and_a_key_are_taken_over_in_place(pool: PgPool) {
    let world = theirs(pool, json!({ "user_id": "u1", "metadata": { "tags": ["a"] } })).await;
    let id = litellm_id(&world).await;
    adopt_model(&world).await.expect("adopted");
    world.settle().await;
    let rows = world.sim().models();
    assert_eq!(rows.len(), 1, "nothing was made anew");
    assert_eq!(
        (rows[0]["model_info"]["id"].as_str(), rows[0]["model_name"].as_str()),
        (Some(id.as_str()), Some("gpt-4o"))
    );
    assert!(rows[0]["model_info"]["reeve"].is_object(), "it has our mark");
    assert_eq!(chat(&world, "gpt-4o").await, 200, "a key that is still foreign uses it");

    let (code, message) = why(adopt_key(&world, false).await);
    assert_eq!(code, "adoption-changes");
    assert!(message.contains("not granted gpt-4o") && message.contains("user u1"), "{message}");
    world.grant("gpt-4o", "red", None).await;
    world.settle().await;
    assert_eq!(why(adopt_key(&world, false).await).0, "adoption-changes", "its user, team and metadata go");
    adopt_key(&world, true).await.expect("adopted");
    assert_eq!(chat(&world, "gpt-4o").await, 200, "before the proxy was told");
    world.settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 200, "and after");
    let key = their_key(&world);
    assert_eq!(key["team_id"], world.team("red").expect("a team")["team_id"]);
    assert!(key["spend"].as_f64() >= Some(1.5), "its spend goes on: {key}");
    let mut conn = world.services.store.conn().await.expect("a connection");
    let left = drift::list(&mut conn, world.proxy, None, 100).await.expect("drift");
    assert!(left.iter().all(|(d, _)| d.kind == ObjectKind::Team), "only their team is foreign now: {left:?}");
    drop(conn);

    world.scan_and_settle().await;
    let before = world.sim().writes();
    world.scan_and_settle().await;
    assert_eq!(world.sim().writes(), before, "quiet");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_adopted_key_has_the_rights_of_its_realm_until_it_is_removed(pool: PgPool) {
    let world = theirs(pool, json!({})).await;
    adopt_model(&world).await.expect("adopted");
    world.grant("gpt-4o", "red", None).await;
    adopt_key(&world, true).await.expect("adopted");
    world.settle().await;
    let agents_key = keys::list(&world.services, &Reach::everywhere(), "red")
        .await
        .expect("keys")
        .pop()
        .expect("a key")
        .view
        .key
        .id;
    let refused = keys::delete(&world.services, &ctx(), "red", agents_key).await.expect_err("it is in use");
    assert!(matches!(refused, Error::Conflict { code: "key-in-use", .. }));

    // A rotation, also one at once, concerns the agents' key alone.
    let at_once = keys::Rotation { at_once: true, ..keys::Rotation::default() };
    keys::rotate(&world.services, &ctx(), "red", at_once).await.expect("rotated");
    world.settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 200);

    grants::revoke(&world.services, &ctx(), "gpt-4o", "red").await.expect("revoked");
    world.settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 401, "blocked with its realm");
    world.grant("gpt-4o", "red", None).await;
    world.settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 200);

    // It comes back with the proxy.
    world.sim().wipe();
    world.scan_and_settle().await;
    world.clock.advance(TimeDelta::seconds(61));
    world.scan_and_settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 200, "the same plaintext, after everything was lost");

    let views = keys::list(&world.services, &Reach::everywhere(), "red").await.expect("keys");
    let theirs =
        views.iter().find(|k| k.view.key.state == reeve::domain::realm::KeyState::Adopted).expect("adopted");
    keys::delete(&world.services, &ctx(), "red", theirs.view.key.id).await.expect("removed");
    world.settle().await;
    assert_eq!(chat(&world, "gpt-4o").await, 401);
    retire_keys::run_once(&world.services).await.expect("job");
    world.settle().await;
    let token = proxy_sim::hash(KEY);
    assert!(
        world.sim().keys().iter().all(|k| k["token"] != token.as_str()),
        "and gone, once it was proven refused"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn what_could_be_lost_or_let_through_is_refused_and_nothing_is_touched(pool: PgPool) {
    let world = theirs(pool, json!({ "aliases": { "gpt-4o": "dear" } })).await;
    world.model("alpha").await;
    world.grant("alpha", "red", None).await;
    world.settle().await;
    let writes = world.sim().writes();
    let (code, message) = why(adopt_key(&world, true).await);
    assert_eq!(code, "not-adoptable");
    assert!(message.contains("aliases"), "an alias would be a way around its list: {message}");
    let unknown =
        NewAdoptedKey { key: Secret::new("sk-nobody-has-this"), realm: "red".into(), accept_changes: true };
    let (code, message) = why(adopt::key(&world.services, &ctx(), "default", unknown).await.map(drop));
    assert_eq!(code, "not-adoptable");
    assert!(!message.contains("sk-nobody"), "{message}");
    let known = NewAdoptedDeployment { litellm_id: "reeve-x".into(), provider: None, key: Key::None };
    assert_eq!(
        why(adopt::deployment(&world.services, &ctx(), "default", known).await.map(drop)).0,
        "not-adoptable"
    );
    let no_key =
        NewAdoptedDeployment { litellm_id: litellm_id(&world).await, provider: None, key: Key::None };
    let (_, message) = why(adopt::deployment(&world.services, &ctx(), "default", no_key).await.map(drop));
    assert!(message.starts_with("apiKey: "), "{message}");
    assert!(
        models::get(&world.services, &Reach::everywhere(), "gpt-4o").await.is_err(),
        "no half-made model"
    );
    world.settle().await;
    assert_eq!(world.sim().writes(), writes);
    assert_eq!(chat(&world, "gpt-4o").await, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_ends_when_it_would_have_ended(pool: PgPool) {
    let world = theirs(pool, json!({ "duration": "10d" })).await;
    adopt_model(&world).await.expect("adopted");
    world.grant("gpt-4o", "red", None).await;
    let expires = their_key(&world)["expires"].clone();
    adopt_key(&world, true).await.expect("adopted");
    world.settle().await;
    world.scan_and_settle().await;
    assert_eq!(their_key(&world)["expires"], expires, "not renewed as the agents' key is");
    world.clock.advance(TimeDelta::days(11));
    retire_keys::run_once(&world.services).await.expect("job");
    let views = keys::list(&world.services, &Reach::everywhere(), "red").await.expect("keys");
    assert!(
        views.iter().all(|k| k.view.key.state != reeve::domain::realm::KeyState::Adopted),
        "it is closed then"
    );
}
