//! Random wishes, random trouble: whatever the order, the proxy ends with exactly what is wanted, and then both it and
//! the database fall silent.
//!
//! Every failure prints its seed; a seed that ever failed is kept in `SEEDS`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::TimeDelta;
use proxy_sim::{Fault, Lag, Rule, SimConfig};
use sqlx::PgPool;

use support::World;

const MODELS: [&str; 3] = ["alpha", "beta", "gamma"];
/// This one is on the proxy also without a grant.
const EVERYWHERE: &str = "beta";
const REALMS: [&str; 2] = ["red", "blue"];

/// A small, fixed generator (SplitMix64): the same seed is the same story everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).expect("small")]
    }
}

/// What the test itself says should be there: kept apart from the code under test.
#[derive(Default)]
struct Wish {
    models: BTreeSet<&'static str>,
    /// Realms that were ever granted something: they have a team and a key.
    granted: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl Wish {
    fn check(&self, world: &World, story: &str) {
        let models: BTreeSet<String> = world
            .sim()
            .models()
            .iter()
            .map(|m| m["model_name"].as_str().unwrap_or_default().to_owned())
            .collect();
        let placed =
            |m: &&&str| **m == EVERYWHERE || self.granted.values().any(|grants| grants.contains(**m));
        let wanted: BTreeSet<String> =
            self.models.iter().filter(placed).map(|m| format!("openai/{m}")).collect();
        assert_eq!(models, wanted, "deployments; {story}");
        assert_eq!(world.sim().models().len(), wanted.len(), "one deployment each; {story}");
        for (realm, grants) in &self.granted {
            let mut list: Vec<String> = grants.iter().map(|m| format!("openai/{m}")).collect();
            if list.is_empty() {
                list.push("no-default-models".to_owned());
            }
            let team = world.team(realm).unwrap_or_else(|| panic!("{realm} has a team; {story}"));
            let keys = world.keys(realm);
            assert_eq!(keys.len(), 1, "{realm} has one key; {story}");
            for it in [&team, &keys[0]] {
                assert_eq!(it["models"], serde_json::json!(list), "{realm}'s list; {story}");
                assert_eq!(
                    it["blocked"].as_bool().unwrap_or(false),
                    grants.is_empty(),
                    "{realm} is shut; {story}"
                );
            }
            assert_eq!(keys[0]["team_id"], team["team_id"], "{story}");
        }
        assert_eq!(world.sim().teams().len(), self.granted.len(), "no other team; {story}");
        assert_eq!(world.sim().keys().len(), self.granted.len(), "no unknown key; {story}");
    }
}

async fn act(world: &World, wish: &mut Wish, dice: &mut Dice) -> String {
    let model = dice.pick(&MODELS);
    let realm = dice.pick(&REALMS);
    match dice.roll(7) {
        0 | 1 if !wish.models.contains(model) => {
            world.model(model).await;
            if model == EVERYWHERE {
                world.everywhere(model).await;
            }
            wish.models.insert(model);
            format!("add {model}")
        }
        0 if wish.models.contains(model) => {
            reeve::service::models::delete(&world.services, &support::ctx(), model, None)
                .await
                .expect("deleted");
            wish.models.remove(model);
            for grants in wish.granted.values_mut() {
                grants.remove(model);
            }
            format!("delete {model}")
        }
        2..=4 if wish.models.contains(model) => {
            world.grant(model, realm, None).await;
            wish.granted.entry(realm).or_default().insert(model);
            format!("grant {model} to {realm}")
        }
        5 if wish.granted.get(realm).is_some_and(|g| g.contains(model)) => {
            world.revoke(model, realm).await;
            wish.granted.entry(realm).or_default().remove(model);
            format!("revoke {model} from {realm}")
        }
        6 if wish.granted.contains_key(realm) && dice.roll(2) == 0 => {
            reeve::service::realms::delete(&world.services, &support::ctx(), realm, None)
                .await
                .expect("deleted");
            wish.granted.remove(realm);
            // Made anew under the same name: its key's alias is free only when the old key is gone.
            world.realm(realm).await;
            format!("delete {realm}")
        }
        _ => "nothing".to_owned(),
    }
}

fn trouble(world: &World, dice: &mut Dice) -> String {
    let fault = match dice.roll(6) {
        0 => Fault::RequestLost,
        1 => Fault::ResponseLost,
        2 => Fault::SavedBut500,
        3 => Fault::Reset,
        4 => Fault::HtmlPage,
        _ => Fault::Refused { status: 503, retry_after: None },
    };
    let rule = Rule::new(fault.clone()).skip(u32::try_from(dice.roll(4)).expect("small")).once();
    world.sim().fault(if dice.roll(3) == 0 { rule } else { rule.writes() });
    format!("{fault:?}")
}

/// Runs the reconciler and drops it in the middle of its n-th request to the proxy, as a crash does.
async fn crash(world: &World, after: u64) {
    let rule = Rule::new(Fault::Hold { after: after % 2 == 1 });
    let rule = world.sim().fault(rule.skip(u32::try_from(after / 2).expect("small")).once());
    let state = world.sim();
    tokio::select! {
        ended = world.reconciler.run_once() => { ended.expect("run"); }
        () = state.wait_for_held(1) => {}
    }
    state.remove_fault(rule);
    state.release_all();
}

async fn story(world: &World, seed: u64) {
    let mut dice = Dice(seed);
    let mut wish = Wish::default();
    let mut told = format!("seed {seed}");
    for realm in REALMS {
        world.realm(realm).await;
    }
    for _ in 0..14 {
        told = format!("{told}; {}", act(world, &mut wish, &mut dice).await);
        if dice.roll(2) == 0 {
            told = format!("{told} [{}]", trouble(world, &mut dice));
        }
        match dice.roll(4) {
            0 => {
                let after = dice.roll(12);
                told = format!("{told} [crash {after}]");
                crash(world, after).await;
            }
            1 => {}
            _ => {
                world.reconciler.run_once().await.expect("run");
            }
        }
    }
    world.sim().clear_faults();
    world.settle().await;
    // Every instance has followed.
    world.clock.advance(TimeDelta::minutes(2));
    world.sim().advance(Duration::from_mins(2));
    world.scan_and_settle().await;
    wish.check(world, &told);
    // Then silence: G6.
    let before = world.sim().writes();
    world.count_db_writes().await;
    let rows = world.db_writes().await;
    world.scan_and_settle().await;
    assert_eq!(world.sim().writes(), before, "a second reconcile writes to no proxy; {told}");
    // The scan's own note of when it ran is written once an hour.
    assert_eq!(world.db_writes().await, rows, "nor to the database; {told}");
}

/// Seeds that failed once, and some fresh ones.
const SEEDS: [u64; 24] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];

async fn stories(pool: PgPool, seeds: &[u64], config: impl Fn() -> SimConfig) {
    for seed in seeds {
        clean(&pool).await;
        let world = World::with(pool.clone(), config()).await;
        story(&world, *seed).await;
    }
}

/// Two instances in turn behind one URL: what one wrote, the other shows half a minute later.
fn stale_reads() -> SimConfig {
    SimConfig { instances: vec![Lag::LITELLM, Lag::LITELLM], balanced: true, ..SimConfig::default() }
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_goes_wrong_it_converges_1(pool: PgPool) {
    stories(pool, &SEEDS[..12], SimConfig::default).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_goes_wrong_it_converges_2(pool: PgPool) {
    stories(pool, &SEEDS[12..], SimConfig::default).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn also_when_reads_are_stale_it_converges(pool: PgPool) {
    stories(pool, &SEEDS, stale_reads).await;
}

async fn clean(pool: &PgPool) {
    sqlx::raw_sql(
        "truncate proxy, model, realm, agent, provider_credential, change, change_effect, audit, idempotency cascade;
         update head set revision = 0, audit_seq = 0, audit_hash = ''",
    )
    .execute(pool)
    .await
    .expect("clean");
}

/// A failure of the simulation, frozen: the old deployment waited for lists that rightly named the new model, and went on
/// serving beside it.
#[sqlx::test(migrations = "../migrations")]
async fn a_model_registered_again_under_its_name_does_not_keep_the_old_deployment(pool: PgPool) {
    let world = World::new(pool).await;
    world.realm("red").await;
    for _ in 0..2 {
        world.model("alpha").await;
        world.grant("alpha", "red", None).await;
        world.settle().await;
        reeve::service::models::delete(&world.services, &support::ctx(), "alpha", None)
            .await
            .expect("deleted");
    }
    world.model("alpha").await;
    world.grant("alpha", "red", None).await;
    world.settle().await;
    assert_eq!(world.sim().models().len(), 1);
}

/// The instance that did not make it lists it up to half a minute later: that is no drift, and nothing to repair.
#[sqlx::test(migrations = "../migrations")]
async fn what_an_instance_does_not_show_yet_is_not_made_again(pool: PgPool) {
    let world = World::with(pool, stale_reads()).await;
    for _ in 0..2 {
        world.reconciler.scan(world.proxy).await.expect("both instances have polled");
    }
    world.model("alpha").await;
    world.everywhere("alpha").await;
    // Looks again until the instance that answers is the one that made it.
    while world.queue().await > 0 {
        world.reconciler.run_once().await.expect("run");
        world.clock.advance(TimeDelta::seconds(4));
    }
    let writes = world.sim().writes();
    for _ in 0..2 {
        world.reconciler.scan(world.proxy).await.expect("scan");
        assert_eq!(world.queue().await, 0, "a scan asks for nothing");
    }
    assert_eq!(world.sim().writes(), writes);
    assert_eq!(world.sim().models().len(), 1);
}
