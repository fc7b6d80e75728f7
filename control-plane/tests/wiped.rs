//! A proxy that was wiped is rebuilt when a second scan says so, with what its keys had spent; and many removals are asked for.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use proxy_sim::SimConfig;
use reeve::{jobs::repoint_agents, service::proxies};
use serde_json::{Value, json};
use sqlx::PgPool;

use support::{World, ctx};

fn pass(world: &World, seconds: u32) {
    world.clock.advance(TimeDelta::seconds(seconds.into()));
    world.sim().advance(Duration::from_secs(seconds.into()));
}

/// A management call by hand.
async fn call(world: &World, path: &str, body: Value) -> Value {
    let url = format!("{}{path}", world.sim.url());
    let answer =
        reqwest::Client::new().post(url).bearer_auth(world.sim.master_key()).json(&body).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("JSON")
}

async fn scan(world: &World) {
    world.reconciler.scan(world.proxy).await.expect("scan");
    world.reconciler.run_once().await.expect("run");
}

async fn shown(world: &World) -> (bool, i64) {
    let proxy = proxies::get(&world.services, "default").await.expect("a proxy").view;
    (proxy.wiped_since.is_some(), proxy.prune_held)
}

/// Two realms with a budget that is partly used.
async fn spent(world: &World) -> Vec<Value> {
    world.model("alpha").await;
    for realm in ["red", "blue"] {
        world.realm(realm).await;
        world.grant("alpha", realm, Some(10.0)).await;
    }
    world.settle().await;
    for (realm, spend) in [("red", 4.0), ("blue", 0.5)] {
        call(world, "/key/update", json!({ "key": world.keys(realm)[0]["token"], "spend": spend })).await;
    }
    scan(world).await;
    let mut tokens: Vec<Value> = world.sim().keys().iter().map(|k| k["token"].clone()).collect();
    tokens.sort_by_key(ToString::to_string);
    tokens
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wiped_proxy_is_rebuilt_with_the_same_keys_and_their_spend(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    let tokens = spent(&world).await;
    pass(&world, 60);
    world.sim().wipe();
    let repointed = async || repoint_agents::run_once(&world.services).await.expect("run");
    assert_eq!(repointed().await, 0);
    for n in 0..5 {
        scan(&world).await;
        assert_eq!(shown(&world).await, (true, 0));
        assert_eq!(world.sim().keys().len(), 0, "one scan proves nothing, nor do many in a minute");
        assert_eq!(repointed().await, u64::from(n == 0), "who can go elsewhere does, at once");
        pass(&world, 10);
    }
    pass(&world, 10);
    scan(&world).await;
    assert_eq!(repointed().await, 0, "its keys are not there yet");
    world.settle().await;
    assert_eq!(repointed().await, 0, "nor has a scan found them");
    let mut again: Vec<Value> = world.sim().keys().iter().map(|k| k["token"].clone()).collect();
    again.sort_by_key(ToString::to_string);
    assert_eq!(again, tokens, "the same keys");
    assert_eq!(
        (world.keys("red")[0]["spend"].as_f64(), world.keys("blue")[0]["spend"].as_f64()),
        (Some(4.0), Some(0.5))
    );
    assert_eq!((world.sim().models().len(), world.sim().teams().len()), (1, 2));
    pass(&world, 60);
    let due = world.reconciler.lease_scans().await.expect("due");
    assert_eq!(due.len(), 1, "the next scan does not wait its usual time");
    scan(&world).await;
    assert_eq!(shown(&world).await, (false, 0));
    assert_eq!(repointed().await, 1, "and back");
}

/// A list that is empty for a moment, as while a database is put in place, makes nothing.
#[sqlx::test(migrations = "../migrations")]
async fn what_is_back_within_the_minute_was_not_wiped(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    spent(&world).await;
    pass(&world, 60);
    let writes = world.sim().writes();
    let taken = world.sim().take_database();
    scan(&world).await;
    assert_eq!(shown(&world).await, (true, 0));
    world.sim().put_back(taken);
    pass(&world, 60);
    scan(&world).await;
    assert_eq!(shown(&world).await, (false, 0));
    assert_eq!(world.sim().writes(), writes, "nothing was made or changed");
}

#[sqlx::test(migrations = "../migrations")]
async fn many_removals_wait_for_a_person(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    spent(&world).await;
    // As after rows were lost in the registry: they are marked as ours, and nobody knows them.
    let stray = |n: usize| {
        let mark = json!({ "owner": world.reconciler.owner, "id": uuid::Uuid::from_u128(n as u128), "generation": 1, "hash": "" });
        json!({ "key_alias": format!("stray-{n}"), "models": ["no-default-models"], "metadata": { "reeve": mark } })
    };
    for n in 1..=5 {
        call(&world, "/key/generate", stray(n)).await;
    }
    world.scan_and_settle().await;
    assert_eq!(world.sim().keys().len(), 2, "a few are removed at once");
    for n in 6..=12 {
        call(&world, "/key/generate", stray(n)).await;
    }
    for _ in 0..3 {
        world.scan_and_settle().await;
        assert_eq!(shown(&world).await, (false, 7));
    }
    assert_eq!(world.sim().keys().len(), 9);
    proxies::prune(&world.services, &ctx(), "default").await.expect("allowed");
    world.scan_and_settle().await;
    assert_eq!((world.sim().keys().len(), shown(&world).await), (2, (false, 0)));
    // The permission was for once.
    for n in 20..=30 {
        call(&world, "/key/generate", stray(n)).await;
    }
    world.scan_and_settle().await;
    assert_eq!(shown(&world).await, (false, 11));
}
