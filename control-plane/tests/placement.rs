//! Which proxies serve a realm, and how it moves from one to another.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proxy_sim::{Fault, Rule, Sim, SimConfig};
use reeve::{
    base::{ids::ProxyId, secret::Secret},
    domain::proxy::ProxyState,
    jobs::repoint_agents,
    service::{
        proxies::{self, NewProxy, ProxyPatch},
        realms::{self, RealmPatch},
    },
};
use sqlx::PgPool;

use support::{World, ctx};

/// A second proxy beside the world's, `other` in region `us`.
async fn other(world: &World) -> (Sim, ProxyId) {
    let sim = Sim::start(SimConfig::default()).await.expect("the simulator starts");
    let new = NewProxy {
        name: "other".to_owned(),
        base_url: sim.url(),
        public_url: None,
        master_key: Secret::new(sim.master_key()),
        labels: BTreeMap::from([("region".to_owned(), "us".to_owned())]),
        cache_lag_seconds: Some(0),
        enforcement_policy: reeve::domain::enforcement::EnforcementPolicy::Warn,
    };
    let id = proxies::create(&world.services, &ctx(), new).await.expect("registered").view.id;
    world.reconciler.check(id).await.expect("probed");
    (sim, id)
}

async fn place(world: &World, selector: &[(&str, &str)]) {
    let selector = selector.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let patch = RealmPatch { placement: Some(vec![selector]), ..RealmPatch::default() };
    realms::update(&world.services, &ctx(), "red", None, patch).await.expect("placed");
}

async fn set_state(world: &World, proxy: &str, state: ProxyState) {
    let patch = ProxyPatch { state: Some(state), ..ProxyPatch::default() };
    proxies::update(&world.services, &ctx(), proxy, None, patch).await.expect("changed");
}

/// Aliases of the keys on a proxy that may call something.
fn open_keys(sim: &Sim) -> usize {
    sim.state().keys().iter().filter(|k| k["blocked"] != true).count()
}

/// Names of the models on a proxy.
fn models(sim: &Sim) -> Vec<String> {
    let mut names: Vec<String> =
        sim.state().models().iter().filter_map(|m| m["model_name"].as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

/// Runs what is due and lets time pass, until nothing is left.
async fn settle(world: &World) {
    for _ in 0..60 {
        world.reconciler.run_once().await.expect("run");
        if world.queue().await == 0 {
            return;
        }
        world.clock.advance(TimeDelta::seconds(5));
    }
    assert_eq!(world.queue().await, 0, "it ends");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_realm_moves_without_a_gap(pool: PgPool) {
    let world = World::new(pool).await;
    let (other, _) = other(&world).await;
    world.model("alpha").await;
    world.realm("red").await;
    place(&world, &[("name", "default")]).await;
    world.grant("alpha", "red", None).await;
    settle(&world).await;
    assert_eq!((open_keys(&world.sim), open_keys(&other)), (1, 0));
    let secret = world.keys("red")[0]["token"].clone();

    place(&world, &[("region", "us")]).await;
    world.reconciler.run_once().await.expect("run");
    assert_eq!((open_keys(&world.sim), open_keys(&other)), (1, 1), "agents have the time to move");
    settle(&world).await;
    assert_eq!((open_keys(&world.sim), open_keys(&other)), (0, 1));
    assert!(world.team("red").is_none(), "and nothing is left behind");
    assert_eq!(other.state().keys()[0]["token"], secret, "the same key works on every proxy");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_realm_that_cannot_move_yet_stays_and_its_rights_can_be_taken(pool: PgPool) {
    let world = World::new(pool).await;
    let (other, _) = other(&world).await;
    world.model("alpha").await;
    world.realm("red").await;
    place(&world, &[("name", "default")]).await;
    world.grant("alpha", "red", None).await;
    settle(&world).await;
    other.state().fault(Rule::new(Fault::Reset));
    place(&world, &[("region", "us")]).await;
    for _ in 0..20 {
        world.reconciler.run_once().await.expect("run");
        world.clock.advance(TimeDelta::seconds(5));
    }
    assert_eq!(open_keys(&world.sim), 1, "the other does not answer");
    world.revoke("alpha", "red").await;
    world.clock.advance(TimeDelta::seconds(5));
    world.reconciler.run_once().await.expect("run");
    assert_eq!(open_keys(&world.sim), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_draining_proxy_stays_in_step_and_a_disabled_one_is_emptied(pool: PgPool) {
    let world = World::new(pool).await;
    let (other, _) = other(&world).await;
    world.model("alpha").await;
    world.model("beta").await;
    world.realm("red").await;
    world.grant("alpha", "red", None).await;
    settle(&world).await;
    let keys = other.state().keys();
    set_state(&world, "other", ProxyState::Draining).await;
    world.grant("beta", "red", None).await;
    settle(&world).await;
    assert_eq!(other.state().keys()[0]["models"].as_array().map(Vec::len), Some(2));

    set_state(&world, "other", ProxyState::Disabled).await;
    settle(&world).await;
    let left = other.state();
    assert_eq!((left.keys().len(), left.teams().len(), left.models().len()), (0, 0, 0));
    world.revoke("beta", "red").await;
    settle(&world).await;
    set_state(&world, "other", ProxyState::Active).await;
    settle(&world).await;
    assert_eq!(other.state().keys()[0]["token"], keys[0]["token"], "it comes back as it was");
    assert_eq!(other.state().keys()[0]["models"], serde_json::json!(["openai/alpha"]));
}

#[sqlx::test(migrations = "../migrations")]
async fn agents_leave_a_silent_proxy_late_and_come_back_later(pool: PgPool) {
    let world = World::new(pool).await;
    let (sim, id) = other(&world).await;
    let avoided = || async { proxies::get(&world.services, "other").await.expect("there").view.avoided };
    sim.state().fault(Rule::new(Fault::Reset));
    world.reconciler.check(id).await.expect("probed");
    world.clock.advance(TimeDelta::seconds(4));
    assert_eq!(
        repoint_agents::run_once(&world.services).await.expect("run"),
        0,
        "one lost answer is no reason"
    );
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(repoint_agents::run_once(&world.services).await.expect("run"), 1);
    assert_eq!(repoint_agents::run_once(&world.services).await.expect("run"), 0, "once");
    assert!(avoided().await);

    sim.state().clear_faults();
    world.reconciler.check(id).await.expect("probed");
    world.clock.advance(TimeDelta::seconds(59));
    assert_eq!(repoint_agents::run_once(&world.services).await.expect("run"), 0, "it may fall again");
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(repoint_agents::run_once(&world.services).await.expect("run"), 1);
    assert!(!avoided().await);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_is_where_a_realm_with_a_grant_is_served(pool: PgPool) {
    let world = World::new(pool).await;
    let (other, _) = other(&world).await;
    for name in ["alpha", "beta"] {
        world.model(name).await;
    }
    world.everywhere("beta").await;
    world.realm("red").await;
    world.realm("blue").await;
    place(&world, &[("name", "default")]).await;
    settle(&world).await;
    let both = ["openai/alpha", "openai/beta"];
    assert_eq!((models(&world.sim), models(&other)), (vec![both[1].to_owned()], vec![both[1].to_owned()]));
    world.grant("alpha", "red", None).await;
    settle(&world).await;
    assert_eq!(models(&world.sim), both);
    assert_eq!(models(&other), [both[1]], "its provider key is where somebody may use it, and nowhere else");

    // Its realm moves, and the model goes where the realm's key is, until nobody can call it here any more.
    place(&world, &[("region", "us")]).await;
    world.reconciler.run_once().await.expect("run");
    assert_eq!((models(&world.sim).len(), models(&other).len()), (2, 2), "agents have the time to move");
    settle(&world).await;
    assert_eq!((models(&world.sim), models(&other).len()), (vec![both[1].to_owned()], 2));

    // Another realm brings it back; then one after the other loses it.
    world.grant("alpha", "blue", None).await;
    settle(&world).await;
    assert_eq!((models(&world.sim).len(), models(&other).len()), (2, 2));
    world.revoke("alpha", "red").await;
    settle(&world).await;
    assert_eq!((models(&world.sim).len(), models(&other).len()), (2, 2), "blue is served by both");
    world.revoke("alpha", "blue").await;
    settle(&world).await;
    assert_eq!((models(&world.sim), models(&other)), (vec![both[1].to_owned()], vec![both[1].to_owned()]));
}

/// Each of two revocations at once sees the other's grant while it is not committed yet; whoever ends last must see that nobody
/// is left.
#[sqlx::test(migrations = "../migrations")]
async fn of_two_revocations_at_once_the_last_one_takes_the_model_off(pool: PgPool) {
    let world = World::new(pool).await;
    world.model("alpha").await;
    for round in 0..10 {
        for realm in ["red", "blue"] {
            if round == 0 {
                world.realm(realm).await;
            }
            world.grant("alpha", realm, None).await;
        }
        settle(&world).await;
        assert_eq!(models(&world.sim), ["openai/alpha"]);
        tokio::join!(world.revoke("alpha", "red"), world.revoke("alpha", "blue"));
        settle(&world).await;
        assert_eq!(models(&world.sim), Vec::<String>::new());
    }
}
