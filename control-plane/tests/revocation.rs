//! A revocation is done when every proxy has refused the old right, for longer than an instance may go on serving it.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use proxy_sim::{Fault, Lag, Rule, SimConfig};
use reeve::{
    domain::{grant::GrantState, model::ModelStatus},
    jobs::retire_keys,
    service::{changes, grants, models, realms},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use support::World;

/// Two instances on one database, each with LiteLLM's own caches. Reeve only ever speaks to the first, so nothing but time
/// tells it that the second has followed.
fn pair() -> SimConfig {
    SimConfig { instances: vec![Lag::LITELLM, Lag::LITELLM], ..SimConfig::default() }
}

/// What an instance answers to a real chat request of the realm's key.
async fn chat(world: &World, instance: usize, key: &str) -> u16 {
    let url = world.sim.instance_url(instance).expect("an instance");
    let body = json!({ "model": "openai/alpha", "messages": [{ "role": "user", "content": "ping" }] });
    let answer =
        reqwest::Client::new().post(format!("{url}/v1/chat/completions")).bearer_auth(key).json(&body).send();
    answer.await.expect("an answer").status().as_u16()
}

/// The plaintext of the realm's key, as the agents have it.
async fn key(world: &World) -> String {
    let store = &world.services.store;
    let row = sqlx::query_as::<_, (uuid::Uuid, i64, Vec<u8>)>("select id, generation, secret from realm_key")
        .fetch_one(&store.pool)
        .await
        .expect("a key");
    let at = reeve::store::desired::realm_key_at(reeve::base::ids::KeyId(row.0));
    store.sealer.open(&at, row.1, &row.2).expect("it opens").expose().to_owned()
}

/// Moves both clocks on, as time does.
fn pass(world: &World, seconds: u32) {
    world.clock.advance(TimeDelta::seconds(seconds.into()));
    world.sim().advance(Duration::from_secs(seconds.into()));
}

async fn granted(world: &World) {
    world.model("alpha").await;
    world.realm("red").await;
    world.grant("alpha", "red", None).await;
    world.settle().await;
}

async fn evidence(world: &World, revision: i64) -> (Value, Vec<Value>) {
    let receipt = changes::receipt(&world.services, &support::ctx(), revision).await.expect("a receipt");
    let receipt = serde_json::to_value(receipt).expect("JSON");
    let objects = receipt["proxies"][0]["objects"].as_array().expect("objects").clone();
    let proof = objects.into_iter().find(|o| o["kind"] == "revocation").expect("a revocation");
    (receipt["state"].clone(), proof["evidence"].as_array().cloned().unwrap_or_default())
}

#[sqlx::test(migrations = "../migrations")]
async fn g2_revoked_means_refused(pool: PgPool) {
    let world = World::with(pool, pair()).await;
    granted(&world).await;
    let key = key(&world).await;
    for instance in [0, 1] {
        assert_eq!(chat(&world, instance, &key).await, 200, "and the instance has it in its cache now");
    }
    let revoked = grants::revoke(&world.services, &support::ctx(), "alpha", "red").await.expect("revoked");
    let revision = revoked.revision.expect("a revision");
    let mut served = 0;
    for second in 0..120 {
        world.reconciler.run_once().await.expect("run");
        let state = grants::revocation(&world.services, &revoked.view).await.expect("a state").state;
        let answers = [chat(&world, 0, &key).await, chat(&world, 1, &key).await];
        served += usize::from(answers.contains(&200));
        if state == GrantState::Revoked {
            assert!(
                !answers.contains(&200),
                "said to be done at {second} s while an instance serves it: {answers:?}"
            );
            assert!(served > 10, "the other instance did serve it for a while, or this test shows nothing");
            assert!(second >= 60, "longer than a cache lives");
            let (state, evidence) = evidence(&world, revision).await;
            assert_eq!(state, "converged");
            assert!(evidence.len() >= 6, "{evidence:?}");
            let last = evidence.last().expect("answers");
            assert_eq!((&last["answer"], &last["keyGeneration"]), (&json!("refused"), &json!(1)));
            assert!([401, 403].contains(&last["status"].as_u64().unwrap_or_default()), "{last}");
            return;
        }
        pass(&world, 1);
    }
    panic!("it was never done: {:?}", evidence(&world, revision).await);
}

/// A proxy that says it took the right away and goes on serving it is never believed.
#[sqlx::test(migrations = "../migrations")]
async fn a_proxy_that_still_serves_keeps_it_revoking(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    granted(&world).await;
    world.everywhere("alpha").await;
    let key = key(&world).await;
    let revoked = grants::revoke(&world.services, &support::ctx(), "alpha", "red").await.expect("revoked");
    let revision = revoked.revision.expect("a revision");
    world.reconciler.run_once().await.expect("run");
    // Somebody opens team and key again behind our back, after they were read back.
    for (path, body) in [
        (
            "/team/update",
            json!({ "team_id": world.team("red").expect("a team")["team_id"], "models": ["openai/alpha"] }),
        ),
        ("/key/update", json!({ "key": world.keys("red")[0]["token"], "models": ["openai/alpha"] })),
        ("/team/unblock", json!({ "team_id": world.team("red").expect("a team")["team_id"] })),
        ("/key/unblock", json!({ "key": world.keys("red")[0]["token"] })),
    ] {
        let answer = reqwest::Client::new()
            .post(format!("{}{path}", world.sim.url()))
            .bearer_auth(world.sim.master_key())
            .json(&body)
            .send();
        assert_eq!(answer.await.expect("an answer").status(), 200, "{path}");
    }
    for _ in 0..40 {
        pass(&world, 5);
        world.reconciler.run_once().await.expect("run");
        assert_eq!(chat(&world, 0, &key).await, 200);
        let state = grants::revocation(&world.services, &revoked.view).await.expect("a state").state;
        assert_eq!(state, GrantState::Revoking);
    }
    let (state, answers) = evidence(&world, revision).await;
    assert_eq!((state, &answers.last().expect("answers")["answer"]), (json!("pending"), &json!("allowed")));
    // The scan puts it right; then it is refused, and proven when no cache can hold it any more.
    world.reconciler.scan(world.proxy).await.expect("scan");
    world.reconciler.run_once().await.expect("run");
    pass(&world, 30);
    world.reconciler.run_once().await.expect("run");
    assert_eq!(chat(&world, 0, &key).await, 401);
    let state = grants::revocation(&world.services, &revoked.view).await.expect("a state").state;
    assert_eq!(state, GrantState::Revoking, "an instance may still hold what was opened again");
    world.settle().await;
    let state = grants::revocation(&world.services, &revoked.view).await.expect("a state").state;
    assert_eq!(state, GrantState::Revoked);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_granted_again_has_nothing_to_prove(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    granted(&world).await;
    world.revoke("alpha", "red").await;
    world.grant("alpha", "red", None).await;
    world.reconciler.run_once().await.expect("run");
    assert_eq!(world.queue().await, 0);
    assert_eq!(chat(&world, 0, &key(&world).await).await, 200);
}

/// States of all generations of all keys that the registry still has.
async fn key_states(world: &World) -> Vec<String> {
    sqlx::query_scalar("select state from realm_key")
        .fetch_all(&world.services.store.pool)
        .await
        .expect("keys")
}

/// With the realm goes nobody's duty to refuse it: its keys stay until every proxy was proven to.
#[sqlx::test(migrations = "../migrations")]
async fn a_realm_that_is_removed_is_proven_refused_with_its_own_keys(pool: PgPool) {
    let world = World::with(pool, pair()).await;
    granted(&world).await;
    let key = key(&world).await;
    for instance in [0, 1] {
        assert_eq!(chat(&world, instance, &key).await, 200);
    }
    // The revocation is under way when the realm goes, and its proof must not get lost with the realm.
    let revoked = grants::revoke(&world.services, &support::ctx(), "alpha", "red").await.expect("revoked");
    world.sim().fault(Rule::new(Fault::Reset));
    let gone = realms::delete(&world.services, &support::ctx(), "red", None).await.expect("removed");
    let revisions = [revoked.revision.expect("a revision"), gone.revision.expect("a revision")];
    let states =
        || async { [evidence(&world, revisions[0]).await.0, evidence(&world, revisions[1]).await.0] };
    for _ in 0..5 {
        pass(&world, 60);
        world.reconciler.run_once().await.expect("run");
        retire_keys::run_once(&world.services).await.expect("the job runs");
        assert_eq!(states().await, [json!("pending"), json!("pending")], "the proxy does not answer");
        assert_eq!(key_states(&world).await, ["closing"]);
    }
    world.sim().clear_faults();
    let mut served = 0;
    for _ in 0..120 {
        world.reconciler.check(world.proxy).await.expect("probe");
        world.reconciler.run_once().await.expect("run");
        retire_keys::run_once(&world.services).await.expect("the job runs");
        let answers = [chat(&world, 0, &key).await, chat(&world, 1, &key).await];
        if answers.contains(&200) {
            served += 1;
            assert_eq!(states().await, [json!("pending"), json!("pending")], "{answers:?}");
        }
        pass(&world, 1);
    }
    assert!(served > 10, "the other instance did serve it for a while, or this test shows nothing");
    assert_eq!(states().await, [json!("converged"), json!("converged")]);
    assert!(!evidence(&world, revisions[1]).await.1.is_empty(), "and the answers are in the receipt");
    assert_eq!(key_states(&world).await, Vec::<String>::new(), "then it is forgotten");
    world.settle().await;
    assert_eq!(world.keys("red"), Vec::<Value>::new());
}

/// A model that is set inactive is a right taken from everybody who holds it, and proven like one.
#[sqlx::test(migrations = "../migrations")]
async fn an_inactive_model_is_proven_refused(pool: PgPool) {
    let world = World::with(pool, pair()).await;
    granted(&world).await;
    let key = key(&world).await;
    for instance in [0, 1] {
        assert_eq!(chat(&world, instance, &key).await, 200);
    }
    let set = |status| {
        let patch = models::ModelPatch { status: Some(status), ..models::ModelPatch::default() };
        async {
            models::update(&world.services, &support::ctx(), "alpha", None, patch).await.expect("edited")
        }
    };
    let revision = set(ModelStatus::Inactive).await.revision.expect("a revision");
    let mut served = 0;
    for _ in 0..90 {
        world.reconciler.run_once().await.expect("run");
        let answers = [chat(&world, 0, &key).await, chat(&world, 1, &key).await];
        if answers.contains(&200) {
            served += 1;
            assert_eq!(evidence(&world, revision).await.0, "pending", "{answers:?}");
        }
        pass(&world, 1);
    }
    assert!(served > 10, "the other instance did serve it for a while, or this test shows nothing");
    let (state, answers) = evidence(&world, revision).await;
    assert_eq!((state, &answers.last().expect("answers")["answer"]), (json!("converged"), &json!("refused")));

    // Active again, the grant is what it was; and a second time inactive, it is proven anew.
    set(ModelStatus::Active).await;
    world.settle().await;
    pass(&world, 60);
    assert_eq!(chat(&world, 0, &key).await, 200);
    let again = set(ModelStatus::Inactive).await.revision.expect("a revision");
    assert_eq!(evidence(&world, again).await.0, "pending");
    world.settle().await;
    assert_eq!(evidence(&world, again).await.0, "converged");
}
