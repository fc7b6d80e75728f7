//! Keys of single agents under one team, and keys that are renewed by their age.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use proxy_sim::SimConfig;
use reeve::{
    base::reach::Reach,
    domain::realm::KeyScope,
    jobs::retire_keys,
    push::compile::compile,
    service::{
        agents,
        keys::{self, Rotation},
        members,
        realms::{self, RealmPatch},
    },
};
use serde_json::{Value, json};
use sqlx::PgPool;

use support::{World, ctx};

const ANNE: &str = "did:key:anne";
const BERT: &str = "did:key:bert";

/// A realm with a grant and two approved agents, whose key scope is this.
async fn world(pool: PgPool, scope: KeyScope) -> World {
    let world = World::with(pool, SimConfig::default()).await;
    world.model("alpha").await;
    world.realm("red").await;
    edit(&world, RealmPatch { key_scope: Some(scope), ..RealmPatch::default() }).await;
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
    world.grant("alpha", "red", None).await;
    world.settle().await;
    world
}

async fn edit(world: &World, patch: RealmPatch) {
    realms::update(&world.services, &ctx(), "red", None, patch).await.expect("edited");
}

/// What the document of each agent has: generation and plaintext of its key.
async fn documents(world: &World) -> BTreeMap<String, (i64, String)> {
    let dids = [ANNE.to_owned(), BERT.to_owned()];
    let inputs = world.services.store.document_inputs(&dids).await.expect("inputs");
    dids.into_iter()
        .filter_map(|did| {
            let compiled = compile(&inputs, &did)?;
            let config = serde_json::to_value(compiled.message.document.config()?).expect("JSON");
            let generation = config["keyGeneration"].as_i64().expect("a generation");
            Some((did, (generation, config["apiKey"].as_str().expect("a key").to_owned())))
        })
        .collect()
}

/// The agents have taken what they are offered now.
async fn acknowledge(world: &World, who: &[&str]) {
    for (did, (generation, _)) in documents(world).await {
        if who.contains(&did.as_str()) {
            sqlx::query(
                "insert into agent_session (did, offered_realm_id, applied_key_generation)
                 select $1, id, $2 from realm where slug = 'red'
                 on conflict (did) do update set offered_realm_id = excluded.offered_realm_id,
                                                 applied_key_generation = excluded.applied_key_generation",
            )
            .bind(did)
            .bind(generation)
            .execute(&world.services.store.pool)
            .await
            .expect("a session");
        }
    }
}

/// Whether a call with this key is answered.
async fn works(world: &World, key: &str) -> bool {
    let body = json!({ "model": "openai/alpha", "messages": [{ "role": "user", "content": "ping" }] });
    let url = format!("{}/v1/chat/completions", world.sim.url());
    let answer =
        reqwest::Client::new().post(url).bearer_auth(key).json(&body).send().await.expect("an answer");
    answer.status() == 200
}

/// `(agent, state)` of each generation, newest first.
async fn generations(world: &World) -> Vec<(i64, Option<String>, Value)> {
    let keys = keys::list(&world.services, &Reach::everywhere(), "red").await.expect("keys");
    keys.into_iter().map(|k| (k.view.key.generation, k.view.key.agent_did, json!(k.view.key.state))).collect()
}

/// Ends what may end, and lets pass what proofs wait for.
async fn pass(world: &World) {
    for _ in 0..20 {
        retire_keys::run_once(&world.services).await.expect("the job runs");
        world.reconciler.run_once().await.expect("run");
        world.clock.advance(TimeDelta::seconds(5));
        world.sim().advance(Duration::from_secs(5));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn each_agent_has_its_own_key_and_one_can_be_cut_off_without_the_rest(pool: PgPool) {
    let world = world(pool, KeyScope::Agent).await;
    let before = documents(&world).await;
    let (anne, bert) = (&before[ANNE].1, &before[BERT].1);
    assert_ne!(anne, bert);
    assert!(works(&world, anne).await && works(&world, bert).await);
    let shown = world.keys("red");
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0]["team_id"], shown[1]["team_id"], "one team, and so one budget");
    acknowledge(&world, &[ANNE, BERT]).await;

    members::leave(&world.services, &ctx(), "red", ANNE).await.expect("left");
    world.reconciler.run_once().await.expect("run");
    assert!(!works(&world, anne).await, "cut off at once");
    assert!(works(&world, bert).await);
    pass(&world).await;
    assert_eq!(
        generations(&world).await,
        [(2, Some(BERT.to_owned()), json!("current"))],
        "proven, then forgotten"
    );
    assert_eq!(documents(&world).await, BTreeMap::from([(BERT.to_owned(), before[BERT].clone())]));

    // It comes back: with a key that it never had.
    members::join(&world.services, &ctx(), "red", ANNE, false).await.expect("joined");
    world.settle().await;
    let again = documents(&world).await;
    assert_eq!(again[ANNE].0, 3, "generations are never given twice");
    assert!(works(&world, &again[ANNE].1).await && again[ANNE].1 != *anne);

    // One key leaked.
    let rotation = Rotation { agent: Some(BERT.to_owned()), at_once: true };
    keys::rotate(&world.services, &ctx(), "red", rotation).await.expect("rotated");
    world.reconciler.run_once().await.expect("run");
    assert!(!works(&world, bert).await);
    assert!(works(&world, &again[ANNE].1).await, "the other has nothing to do with it");

    agents::revoke(&world.services, &ctx(), BERT, None, None).await.expect("revoked");
    world.reconciler.run_once().await.expect("run");
    world.settle().await;
    pass(&world).await;
    world.settle().await;
    assert_eq!(world.keys("red").len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_scope_is_changed_without_a_failed_call(pool: PgPool) {
    let world = world(pool, KeyScope::Realm).await;
    let shared = documents(&world).await;
    assert_eq!(shared[ANNE], shared[BERT]);
    acknowledge(&world, &[ANNE, BERT]).await;

    edit(&world, RealmPatch { key_scope: Some(KeyScope::Agent), ..RealmPatch::default() }).await;
    assert_eq!(documents(&world).await, shared, "until its own is there, an agent keeps what it has");
    world.settle().await;
    let own = documents(&world).await;
    assert!(own[ANNE] != shared[ANNE] && own[ANNE] != own[BERT]);
    acknowledge(&world, &[ANNE]).await;
    pass(&world).await;
    assert!(works(&world, &shared[BERT].1).await, "Bert still runs on the shared one");
    acknowledge(&world, &[BERT]).await;
    pass(&world).await;
    assert!(!works(&world, &shared[BERT].1).await);
    assert_eq!(generations(&world).await.len(), 2);

    // And back.
    edit(&world, RealmPatch { key_scope: Some(KeyScope::Realm), ..RealmPatch::default() }).await;
    world.settle().await;
    let back = documents(&world).await;
    assert_eq!(back[ANNE], back[BERT]);
    acknowledge(&world, &[ANNE]).await;
    pass(&world).await;
    assert!(!works(&world, &own[ANNE].1).await, "Anne's own is not needed any more");
    assert!(works(&world, &own[BERT].1).await, "Bert's is");
    acknowledge(&world, &[BERT]).await;
    pass(&world).await;
    assert_eq!(generations(&world).await, [(4, None, json!("current"))]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_aged_key_is_replaced_once(pool: PgPool) {
    let world = world(pool, KeyScope::Realm).await;
    edit(&world, RealmPatch { key_max_age_days: Some(Some(30)), ..RealmPatch::default() }).await;
    let system = ctx();
    assert_eq!(keys::rotate_aged(&world.services, &system).await.expect("the job runs"), 0);
    world.clock.advance(TimeDelta::days(30));
    // Two replicas see it at once.
    let both = tokio::join!(
        keys::rotate_aged(&world.services, &system),
        keys::rotate_aged(&world.services, &system)
    );
    assert_eq!(both.0.expect("one") + both.1.expect("the other"), 1);
    assert_eq!(generations(&world).await, [(2, None, json!("current")), (1, None, json!("retiring"))]);
}
