//! One act stops a realm, an agent, a model or a proxy everywhere, with evidence; one act restores exactly what was.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use proxy_sim::{Fault, Rule, SimConfig};
use reeve::{
    base::reach::Reach,
    domain::{
        freeze::FreezeKind::{self, Agent, Model, Proxy, Realm},
        realm::KeyScope,
    },
    jobs::retire_keys,
    push::compile::compile,
    service::{
        changes, freezes, grants, keys, members,
        realms::{self, RealmPatch},
    },
};
use serde_json::{Value, json};
use sqlx::PgPool;

use support::{World, ctx};

const ANNE: &str = "did:key:anne";
const BERT: &str = "did:key:bert";

/// Two agents in a realm with a model, and another realm with the same model.
async fn world(pool: PgPool) -> World {
    let world = World::with(pool, SimConfig::default()).await;
    world.model("alpha").await;
    world.model("beta").await;
    for realm in ["red", "blue"] {
        world.realm(realm).await;
    }
    for did in [ANNE, BERT] {
        sqlx::query(
            "insert into agent (did, name, status, created_at, updated_at, approved_at) values ($1, $1, 'approved', $2, $2, $2)",
        )
        .bind(did)
        .bind(world.clock.now())
        .execute(&world.services.store.pool)
        .await
        .expect("an agent");
        members::join(&world.services, &ctx(), "red", did, false).await.expect("joined");
    }
    for (model, realm) in [("alpha", "red"), ("beta", "red"), ("alpha", "blue")] {
        world.grant(model, realm, None).await;
    }
    world.settle().await;
    world
}

async fn document(world: &World, did: &str) -> Value {
    let inputs = world.services.store.document_inputs(&[did.to_owned()]).await.expect("inputs");
    serde_json::to_value(compile(&inputs, did).expect("an agent").message).expect("JSON")
}

async fn key(world: &World, did: &str) -> String {
    let document = document(world, did).await;
    document["config"]["apiKey"].as_str().unwrap_or_else(|| panic!("no key: {document}")).to_owned()
}

async fn chat(world: &World, key: &str, model: &str) -> u16 {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "ping" }] });
    let url = format!("{}/v1/chat/completions", world.sim.url());
    let answer =
        reqwest::Client::new().post(url).bearer_auth(key).json(&body).send().await.expect("an answer");
    answer.status().as_u16()
}

async fn freeze(world: &World, kind: FreezeKind, name: &str) -> i64 {
    let frozen = freezes::freeze(&world.services, &ctx(), kind, name, "leaked").await.expect("frozen");
    frozen.revision.expect("a revision")
}

async fn thaw(world: &World, kind: FreezeKind, name: &str) {
    freezes::unfreeze(&world.services, &ctx(), kind, name).await.expect("thawed");
    world.settle().await;
}

async fn receipt(world: &World, revision: i64) -> Value {
    serde_json::to_value(changes::receipt(&world.services, &ctx(), revision).await.expect("a receipt"))
        .expect("JSON")
}

async fn pass(world: &World) {
    for _ in 0..20 {
        world.clock.advance(TimeDelta::seconds(5));
        world.sim().advance(Duration::from_secs(5));
        retire_keys::run_once(&world.services).await.expect("the job runs");
        world.reconciler.check(world.proxy).await.expect("probe");
        world.reconciler.run_once().await.expect("run");
    }
}

/// Everything on the proxy, but for the marks, whose generations count on.
fn on_proxy(world: &World) -> Vec<(Value, Value, Value, Value)> {
    let sim = world.sim();
    let mut all: Vec<_> = sim
        .keys()
        .into_iter()
        .chain(sim.teams())
        .map(|o| (o["token"].clone(), o["team_id"].clone(), o["models"].clone(), o["blocked"].clone()))
        .collect();
    all.sort_by_key(|o| format!("{o:?}"));
    all
}

#[sqlx::test(migrations = "../migrations")]
async fn a_frozen_realm_is_refused_everywhere_and_thawed_as_it_was(pool: PgPool) {
    let world = world(pool).await;
    let before = on_proxy(&world);
    let red = key(&world, ANNE).await;
    assert_eq!(chat(&world, &red, "openai/alpha").await, 200);

    let revision = freeze(&world, Realm, "red").await;
    let told = document(&world, ANNE).await;
    assert_eq!(
        (told["state"].as_str(), told["detail"]["code"].as_str()),
        (Some("unavailable"), Some("frozen"))
    );
    assert!(told["detail"]["message"].as_str().is_some_and(|m| m.contains("leaked")), "{told}");
    world.reconciler.run_once().await.expect("run");
    assert_ne!(chat(&world, &red, "openai/alpha").await, 200);
    assert_eq!(receipt(&world, revision).await["state"], "pending", "refused once is no proof");
    pass(&world).await;
    let receipt = receipt(&world, revision).await;
    assert_eq!(receipt["state"], "converged");
    assert!(receipt.to_string().contains("\"answer\":\"refused\""), "{receipt}");
    let shown = realms::get(&world.services, &Reach::everywhere(), "red").await.expect("a realm").view;
    assert_eq!(shown.frozen.expect("shown").reason, "leaked");
    let listed = freezes::list(&world.services, &Reach::everywhere()).await.expect("a list");
    assert_eq!((listed.len(), json!(listed[0].sync.state)), (1, json!("applied")));

    // Twice is once; and what is granted meanwhile waits.
    let again = freezes::freeze(&world.services, &ctx(), Realm, "red", "other").await.expect("frozen");
    assert_eq!((again.revision, again.view.reason.as_str()), (None, "leaked"));
    world.scan_and_settle().await;
    assert_ne!(chat(&world, &red, "openai/alpha").await, 200);

    thaw(&world, Realm, "red").await;
    pass(&world).await;
    assert_eq!(on_proxy(&world), before, "exactly what was");
    assert_eq!(key(&world, ANNE).await, red);
    assert_eq!(chat(&world, &red, "openai/alpha").await, 200);
    assert_eq!(freezes::list(&world.services, &Reach::everywhere()).await.expect("a list").len(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_frozen_model_is_taken_from_all_who_hold_it(pool: PgPool) {
    let world = world(pool).await;
    let before = on_proxy(&world);
    let red = key(&world, ANNE).await;
    let revision = freeze(&world, Model, "alpha").await;
    assert_eq!(document(&world, ANNE).await["config"]["model"], "openai/beta", "what is left is used");
    world.reconciler.run_once().await.expect("run");
    assert_ne!(chat(&world, &red, "openai/alpha").await, 200);
    assert_eq!(chat(&world, &red, "openai/beta").await, 200);
    pass(&world).await;
    assert_eq!(receipt(&world, revision).await["state"], "converged");
    let proofs = receipt(&world, revision).await.to_string().matches("\"kind\":\"revocation\"").count();
    assert_eq!(proofs, 2, "each realm's right was proven refused");
    thaw(&world, Model, "alpha").await;
    assert_eq!(on_proxy(&world), before);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_frozen_agent_loses_its_key_and_the_others_go_on(pool: PgPool) {
    let world = world(pool).await;
    let shared = key(&world, ANNE).await;
    freeze(&world, Agent, ANNE).await;
    assert_eq!(document(&world, ANNE).await["detail"]["code"], "frozen");
    world.reconciler.run_once().await.expect("run");
    let new = key(&world, BERT).await;
    assert_ne!(new, shared);
    assert_eq!(chat(&world, &new, "openai/alpha").await, 200);
    for _ in 0..4 {
        pass(&world).await;
    }
    assert_ne!(chat(&world, &shared, "openai/alpha").await, 200, "the key that Anne knew");
    thaw(&world, Agent, ANNE).await;
    assert_eq!(key(&world, ANNE).await, new);

    // With a key of its own, nobody else is touched.
    let patch = RealmPatch { key_scope: Some(KeyScope::Agent), ..RealmPatch::default() };
    realms::update(&world.services, &ctx(), "red", None, patch).await.expect("edited");
    world.settle().await;
    let (anne, bert) = (key(&world, ANNE).await, key(&world, BERT).await);
    let revision = freeze(&world, Agent, ANNE).await;
    world.reconciler.run_once().await.expect("run");
    assert_ne!(chat(&world, &anne, "openai/alpha").await, 200);
    assert_eq!(chat(&world, &bert, "openai/alpha").await, 200);
    assert_eq!(key(&world, BERT).await, bert);
    pass(&world).await;
    assert_eq!(receipt(&world, revision).await["state"], "converged");
    let states = keys::list(&world.services, &Reach::everywhere(), "red").await.expect("keys");
    assert!(states.iter().any(|k| k.view.key.agent_did.as_deref() == Some(ANNE)), "blocked, not gone");
    thaw(&world, Agent, ANNE).await;
    assert_eq!((key(&world, ANNE).await, chat(&world, &anne, "openai/alpha").await), (anne.clone(), 200));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_frozen_proxy_serves_nobody_and_one_that_is_down_is_frozen_when_it_comes(pool: PgPool) {
    let world = world(pool).await;
    let before = on_proxy(&world);
    let red = key(&world, ANNE).await;
    world.sim().fault(Rule::new(Fault::Reset));
    let revision = freeze(&world, Proxy, "default").await;
    assert_eq!(document(&world, ANNE).await["state"], "unavailable", "agents are sent away at once");
    pass(&world).await;
    assert_eq!(receipt(&world, revision).await["state"], "pending", "not yet effective, in plain sight");
    world.sim().clear_faults();
    assert_eq!(chat(&world, &red, "openai/alpha").await, 200, "it was not told yet");
    pass(&world).await;
    assert_ne!(chat(&world, &red, "openai/alpha").await, 200);
    pass(&world).await;
    assert_eq!(receipt(&world, revision).await["state"], "converged");
    assert_eq!(world.sim().models().len(), 2, "what is there stays, blocked");
    thaw(&world, Proxy, "default").await;
    assert_eq!(on_proxy(&world), before);
    assert_eq!(key(&world, ANNE).await, red);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_done_to_a_frozen_realm_waits_or_ends_it(pool: PgPool) {
    let world = world(pool).await;
    freeze(&world, Realm, "blue").await;
    pass(&world).await;
    world.grant("beta", "blue", None).await;
    keys::rotate(&world.services, &ctx(), "blue", keys::Rotation::default()).await.expect("rotated");
    world.settle().await;
    assert!(world.keys("blue").iter().all(|k| k["blocked"] == true), "no new key is open either");
    grants::revoke(&world.services, &ctx(), "alpha", "blue").await.expect("revoked");
    thaw(&world, Realm, "blue").await;
    let team = world.team("blue").expect("a team");
    assert_eq!(team["models"], json!(["openai/beta"]), "what was decided meanwhile holds");

    freeze(&world, Realm, "blue").await;
    realms::delete(&world.services, &ctx(), "blue", None).await.expect("removed");
    for _ in 0..3 {
        pass(&world).await;
    }
    assert_eq!(
        (
            world.keys("blue").len(),
            freezes::list(&world.services, &Reach::everywhere()).await.expect("a list").len()
        ),
        (0, 0)
    );
    let unknown = freezes::freeze(&world.services, &ctx(), Realm, "blue", "again").await;
    assert!(unknown.is_err_and(|e| e.to_string().contains("blue")));
    let silent = freezes::freeze(&world.services, &ctx(), Realm, "red", "  ").await;
    assert!(silent.is_err_and(|e| e.to_string().contains("reason")));
}
