//! Whether a proxy refuses what it is told to refuse is tried out, and with `require` nobody may use one that does not.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use proxy_sim::{Fault, Rule, SimConfig};
use reeve::{
    base::reach::Reach,
    domain::enforcement::{Check, EnforcementPolicy},
    service::{
        grants,
        proxies::{self, ProxyPatch, ProxyView},
    },
};
use serde_json::json;
use sqlx::PgPool;

use support::{World, ctx};

async fn shown(world: &World) -> ProxyView {
    proxies::get(&world.services, "default").await.expect("a proxy").view
}

async fn held(world: &World) -> Vec<(Check, Option<bool>)> {
    shown(world).await.enforcement.iter().map(|r| (r.check, r.held)).collect()
}

fn all(held: Option<bool>, in_query: Option<bool>) -> Vec<(Check, Option<bool>)> {
    use Check::{Management, ModelInBody, ModelInQuery, NoModels, PassThrough};
    vec![
        (NoModels, held),
        (ModelInBody, held),
        (ModelInQuery, in_query),
        (PassThrough, held),
        (Management, held),
    ]
}

async fn scan(world: &World) {
    world.reconciler.scan(world.proxy).await.expect("scan");
    world.settle().await;
}

/// What a front before the proxy does, or no longer does.
fn front(world: &World, drops_query: bool) {
    let mut settings = world.sim().settings();
    settings.drops_model_query = drops_query;
    world.sim().set_settings(settings);
}

async fn require(world: &World, policy: EnforcementPolicy) {
    let patch = ProxyPatch { enforcement_policy: Some(policy), ..ProxyPatch::default() };
    proxies::update(&world.services, &ctx(), "default", None, patch).await.expect("edited");
}

fn pass(world: &World, hours: i64) {
    world.clock.advance(TimeDelta::hours(hours));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_proxy_lets_through_is_found_and_nothing_is_left_of_the_question(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    assert_eq!(held(&world).await, []);
    scan(&world).await;
    assert_eq!(held(&world).await, all(Some(true), Some(false)), "the hole that every LiteLLM has");
    let sim = world.sim();
    assert_eq!((sim.keys().len(), sim.models().len(), sim.teams().len()), (0, 0, 0), "nothing is left");
    assert_eq!(world.queue().await, 0);

    // Not again before its time, nor when a check could not be told.
    let writes = sim.writes();
    pass(&world, 23);
    scan(&world).await;
    assert_eq!(sim.writes(), writes);
    front(&world, true);
    pass(&world, 1);
    scan(&world).await;
    assert_eq!(held(&world).await, all(Some(true), Some(true)), "a front closes it");
    // Another version is another proxy.
    front(&world, false);
    let mut settings = sim.settings();
    settings.version = "1.109.2".to_owned();
    sim.set_settings(settings);
    world.reconciler.check(world.proxy).await.expect("probe");
    scan(&world).await;
    assert_eq!(held(&world).await, all(Some(true), Some(false)));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_crash_left_is_removed_and_what_failed_to_be_asked_is_asked_again(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    for after in 0..12 {
        let held = world.sim().fault(Rule::new(Fault::Hold { after: true }).writes().skip(after).once());
        tokio::select! {
            done = world.reconciler.scan(world.proxy) => done.expect("scan"),
            () = async { world.sim().wait_for_held(1).await } => {}
        }
        world.sim().remove_fault(held);
        world.sim().release_all();
        pass(&world, 25);
    }
    scan(&world).await;
    world.clock.advance(TimeDelta::minutes(1));
    scan(&world).await;
    assert_eq!(held(&world).await, all(Some(true), Some(false)));
    assert_eq!((world.sim().keys().len(), world.sim().models().len()), (0, 0));

    pass(&world, 25);
    world.sim().fault(
        Rule::new(Fault::Refused { status: 503, retry_after: None }).on("POST", "/v1/chat/completions"),
    );
    scan(&world).await;
    let unknown = held(&world).await;
    assert!(unknown[..3].iter().all(|(_, held)| held.is_none()), "{unknown:?}");
    world.sim().clear_faults();
    pass(&world, 1);
    scan(&world).await;
    assert_eq!(held(&world).await, all(Some(true), Some(false)));

    // A proxy that takes no keys is not asked once a minute.
    pass(&world, 25);
    world
        .sim()
        .fault(Rule::new(Fault::Refused { status: 400, retry_after: None }).on("POST", "/key/generate"));
    scan(&world).await;
    assert_eq!(held(&world).await, all(None, None));
    world.clock.advance(TimeDelta::minutes(1));
    let writes = world.sim().writes();
    scan(&world).await;
    assert_eq!(world.sim().writes(), writes);
}

/// A slow proxy gets no second scan beside the first, which would ask all of this again and make it slower still.
#[sqlx::test(migrations = "../migrations")]
async fn a_proxy_is_scanned_by_one_at_a_time_however_long_it_takes(pool: PgPool) {
    let mut world = World::with(pool, SimConfig::default()).await;
    world.reconciler.options.lease = TimeDelta::milliseconds(150);
    let pool = world.services.store.pool.clone();
    let lease = || async {
        let found = world.reconciler.lease_scans().await.expect("leases");
        assert!(found.len() <= 1, "there is one proxy");
        found.first().copied()
    };
    let ends = || async {
        sqlx::query_scalar::<_, Option<chrono::DateTime<chrono::Utc>>>(
            "select scan_lease_expires_at from proxy",
        )
        .fetch_one(&pool)
        .await
        .expect("a proxy")
    };
    let sim = world.sim();
    let slow = sim.fault(Rule::new(Fault::Hold { after: false }).writes());
    let first = lease().await.expect("it is due");
    let meanwhile = async {
        sim.wait_for_held(1).await;
        let before = ends().await;
        world.clock.advance(TimeDelta::milliseconds(100));
        while ends().await == before {
            tokio::task::yield_now().await;
        }
        // Longer than the lease, and it was asked for.
        world.clock.advance(TimeDelta::milliseconds(100));
        proxies::check(&world.services, &ctx(), "default").await.expect("asked for");
        assert_eq!(lease().await, None, "the first one runs");
        sim.remove_fault(slow);
        sim.release_all();
    };
    let (scanned, ()) = tokio::join!(world.reconciler.leased_scan(first), meanwhile);
    scanned.expect("scanned");
    assert_eq!(ends().await, None);

    // What was asked for meanwhile comes now. Its replica dies: another one takes over, and the first has no say any more.
    let second = lease().await.expect("it was asked for");
    world.clock.advance(world.reconciler.options.scan_every);
    let third = lease().await.expect("the lease is over");
    assert_ne!(second.token, third.token);
    let slow = sim.fault(Rule::new(Fault::Hold { after: false }));
    world.reconciler.leased_scan(second).await.expect("given up");
    assert!(ends().await.is_some(), "the third one's");
    sim.remove_fault(slow);
    sim.release_all();
    world.reconciler.leased_scan(third).await.expect("scanned");
    assert_eq!(ends().await, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn where_it_is_required_nobody_may_use_a_proxy_that_does_not_hold(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    world.model("alpha").await;
    world.realm("red").await;
    require(&world, EnforcementPolicy::Require).await;
    world.grant("alpha", "red", None).await;
    world.settle().await;
    let open = || world.keys("red").iter().filter(|k| k["blocked"] != true).count();
    let sync = || async {
        grants::get(&world.services, &Reach::everywhere(), "alpha", "red").await.expect("a grant").sync
    };
    assert_eq!(open(), 0, "not seen to hold yet");
    assert_eq!(sync().await.proxies[0].error_code.as_deref(), Some("grants-withheld"));
    scan(&world).await;
    assert_eq!(open(), 0, "seen not to");
    assert_eq!(json!(sync().await.state), "failed");

    front(&world, true);
    pass(&world, 25);
    scan(&world).await;
    assert_eq!((open(), json!(sync().await.state)), (1, json!("applied")), "the grant is placed by itself");
    // What cannot be told changes nothing.
    world.sim().fault(
        Rule::new(Fault::Refused { status: 503, retry_after: None }).on("POST", "/v1/chat/completions"),
    );
    pass(&world, 25);
    world.reconciler.scan(world.proxy).await.expect("scan");
    world.sim().clear_faults();
    world.settle().await;
    assert_eq!(open(), 1);
    // The front is gone.
    front(&world, false);
    pass(&world, 25);
    scan(&world).await;
    assert_eq!(open(), 0);
    require(&world, EnforcementPolicy::Warn).await;
    world.settle().await;
    assert_eq!((open(), json!(sync().await.state)), (1, json!("applied")));
    world.sim().advance(Duration::from_secs(1));
}
