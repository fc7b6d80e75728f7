//! A replaced key is closed, proven refused, and only then forgotten; and it ends by itself when nobody does that.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proxy_sim::{Fault, Rule, SimConfig};
use reeve::{
    base::reach::Reach,
    jobs::retire_keys,
    service::{
        changes,
        keys::{self, Rotation},
    },
};
use serde_json::{Value, json};
use sqlx::PgPool;

use support::{World, ctx};

/// `(generation, state)` in the registry, newest first.
async fn generations(world: &World) -> Vec<(i64, Value)> {
    let keys = keys::list(&world.services, &Reach::everywhere(), "red").await.expect("keys");
    keys.iter().map(|k| (k.view.key.generation, json!(k.view.key.state))).collect()
}

/// `(generation, blocked)` on the proxy, oldest first.
fn shown(world: &World) -> Vec<(String, bool)> {
    let mut keys: Vec<(String, bool)> = world
        .keys("red")
        .iter()
        .map(|k| {
            let alias = k["key_alias"].as_str().unwrap_or_default();
            (alias.rsplit(':').next().unwrap_or_default().to_owned(), k["blocked"] == true)
        })
        .collect();
    keys.sort();
    keys
}

fn expires(world: &World, generation: &str) -> DateTime<Utc> {
    let keys = world.keys("red");
    let key = keys.iter().find(|k| k["key_alias"].as_str().is_some_and(|a| a.ends_with(generation)));
    let expires = key.expect("it is there")["expires"].as_str().expect("it ends").to_owned();
    expires.parse().expect("a time")
}

async fn granted(world: &World) {
    world.model("alpha").await;
    world.realm("red").await;
    world.grant("alpha", "red", None).await;
    world.settle().await;
}

async fn run(world: &World) {
    retire_keys::run_once(&world.services).await.expect("the job runs");
    world.reconciler.run_once().await.expect("run");
}

fn pass(world: &World, seconds: u32) {
    world.clock.advance(TimeDelta::seconds(seconds.into()));
    world.sim().advance(Duration::from_secs(seconds.into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_replaced_key_is_blocked_proven_refused_and_then_forgotten(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    granted(&world).await;
    keys::rotate(&world.services, &ctx(), "red", Rotation::default()).await.expect("rotated");
    world.reconciler.run_once().await.expect("run");
    assert_eq!(shown(&world), [("1".to_owned(), false), ("2".to_owned(), false)]);
    let end = world.clock.now() + TimeDelta::hours(25);
    let off = (expires(&world, ":1") - end).abs();
    assert!(off < TimeDelta::minutes(2), "the old one ends by itself: {off}");
    world.reconciler.scan(world.proxy).await.expect("scan");
    assert_eq!(world.queue().await, 0, "and is not renewed");

    // No agent is there to wait for.
    run(&world).await;
    assert_eq!(generations(&world).await, [(2, json!("current")), (1, json!("closing"))]);
    assert_eq!(shown(&world), [("1".to_owned(), true), ("2".to_owned(), false)]);
    for _ in 0..12 {
        pass(&world, 5);
        run(&world).await;
        assert_eq!(generations(&world).await.len(), 2, "an instance may still hold it");
    }
    pass(&world, 5);
    run(&world).await;
    run(&world).await;
    assert_eq!(generations(&world).await, [(2, json!("current"))]);
    assert_eq!(shown(&world), [("2".to_owned(), false)]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_leaked_key_is_closed_at_once_and_the_receipt_says_when_it_was_proven(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    granted(&world).await;
    world.sim().fault(Rule::new(Fault::Reset));
    let rotated = keys::rotate(&world.services, &ctx(), "red", Rotation { at_once: true, agent: None })
        .await
        .expect("rotated");
    let revision = rotated.revision.expect("a revision");
    assert_eq!(generations(&world).await, [(2, json!("current")), (1, json!("closing"))]);
    let receipt = || async {
        let receipt = changes::receipt(&world.services, &ctx(), revision).await.expect("a receipt");
        serde_json::to_value(receipt).expect("JSON")
    };
    run(&world).await;
    assert_eq!(generations(&world).await.len(), 2, "the proxy does not answer: it stays in plain sight");
    assert_eq!(receipt().await["state"], "pending");
    world.sim().clear_faults();
    world.settle().await;
    let receipt = receipt().await;
    assert_eq!(receipt["state"], "converged");
    assert!(receipt.to_string().contains("\"answer\":\"refused\""), "{receipt}");
    run(&world).await;
    world.settle().await;
    assert_eq!(shown(&world), [("2".to_owned(), false)]);
}
