//! From a change to the document on the socket and back to the stored report.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use reeve_protocol::FromAgent;
use sqlx::PgPool;

use super::{
    agent::{Agent, told},
    replica::Replica,
    until,
    world::{World, plaintext},
};
use crate::{
    domain::agent::{ConfigMode, ManualConfig},
    store::keys,
};

/// What the log would have shown.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_grant_reaches_the_agent_and_a_revocation_takes_it_back(pool: PgPool) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, tracing asks only the thread that meets an event first whether anybody listens, and that
    // may be another test's; with two, it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, welcome) = Agent::connect(&replica, &key, None).await;
    assert_eq!((welcome.did.as_str(), welcome.name.as_str()), (key.did().as_str(), "build-bot"));
    assert_eq!((welcome.epoch, welcome.heartbeat_seconds), (1, 30));
    let first = agent.applied().await;
    assert_eq!((told(&first), first.reason.as_str()), ("no-grant", "connect"));

    world.grant(world.a).await;
    let second = agent.applied().await;
    assert_eq!((told(&second), second.reason.as_str()), ("converging", "grant"));

    let revision = world.live(world.key, &["openai/a"]).await;
    let third = agent.applied().await;
    assert_eq!((told(&third), third.version), ("openai/a", revision));
    let config = third.document.config().unwrap();
    assert_eq!(config.api_key.expose(), plaintext(1));
    assert_eq!(config.base_url, "https://eu.llm.example/v1");
    assert_eq!((config.models.as_slice(), config.key_generation), (&["openai/a".to_owned()][..], 1));
    until("the report is stored", async || {
        let session = world.session(&key).await;
        session.applied_hash.as_ref() == Some(&third.hash) && session.applied_key_generation == Some(1)
    })
    .await;
    let session = world.session(&key).await;
    assert_eq!(session.applied_version, Some(third.version));
    assert_eq!(session.offered_realm_id, Some(world.realm));
    assert_eq!(session.agent_version.as_deref(), Some("0.1.0"));

    world.revoke(world.a).await;
    let last = agent.applied().await;
    assert_eq!((told(&last), last.reason.as_str()), ("no-grant", "revoke"));

    replica.stop().await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("documents.sent=4"), "one closing line per session");
    assert!(!logged.contains("sk-reeve-marker"), "no frame with a secret is logged");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_manual_agent_is_not_switched_by_a_grant(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let manual = ManualConfig {
        provider: "anthropic".to_owned(),
        model: "claude".to_owned(),
        base_url: "https://api.anthropic.com".to_owned(),
        max_tokens: None,
        system_prompt: None,
    };
    world.set_mode(&key, ConfigMode::Manual, Some(&manual)).await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let typed = agent.applied().await;
    assert_eq!(typed.document.config().unwrap().api_key.expose(), "sk-typed-by-an-admin");
    world.grant_live(world.a, &["openai/a"]).await;
    world.revoke(world.a).await;
    // Had any of that been pushed, it would come before this.
    world.set_mode(&key, ConfigMode::Env, None).await;
    assert_eq!(told(&agent.applied().await), "env");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_grant_adds_a_model_and_does_not_switch_the_agent(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    world.grant_live(world.b, &["openai/b"]).await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    assert_eq!(told(&agent.applied().await), "openai/b");
    world.grant_live(world.a, &["openai/a", "openai/b"]).await;
    let next = agent.applied().await;
    assert_eq!(told(&next), "openai/b");
    assert_eq!(next.document.config().unwrap().models, ["openai/a", "openai/b"]);
    // What it lost is taken away, what is left is used.
    world.revoke(world.b).await;
    assert_eq!(told(&agent.applied().await), "openai/a");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_rotation_delivers_the_next_generation(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    world.grant_live(world.a, &["openai/a"]).await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.until_model("openai/a").await;
    let held = async || keys::held(&mut world.store.conn().await.unwrap(), world.realm).await.unwrap();
    until("it is known to run the first one", async || held().await == HashMap::from([(1, 1)])).await;
    let second = world.generation(2).await;
    world.live(second, &["openai/a"]).await;
    let rotated = agent.applied().await;
    assert_eq!(rotated.document.config().unwrap().api_key.expose(), plaintext(2));
    until("rotation may go on", async || world.session(&key).await.applied_key_generation == Some(2)).await;
    assert_eq!(held().await, HashMap::from([(2, 1)]));
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_agent_that_was_offline_during_grant_and_revoke_gets_no_stale_config(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let before = agent.applied().await;
    assert_eq!(told(&before), "no-grant");
    until("the report is stored", async || world.session(&key).await.applied_hash.is_some()).await;
    drop(agent);
    until("the session is over", async || world.session(&key).await.replica_id.is_none()).await;

    world.grant_live(world.a, &["openai/a"]).await;
    world.revoke(world.a).await;

    // Nothing has changed for it, so nothing is sent: the next document is that of the next change.
    let (mut agent, welcome) = Agent::connect(&replica, &key, Some(before.version_hash())).await;
    assert_eq!(welcome.epoch, 2);
    world.set_mode(&key, ConfigMode::Env, None).await;
    assert_eq!(told(&agent.applied().await), "env");
    // One that has a config from before that was taken back meanwhile is told so at once.
    world.set_mode(&key, ConfigMode::Realm, None).await;
    world.grant_live(world.a, &["openai/a"]).await;
    let active = agent.until_model("openai/a").await;
    drop(agent);
    world.revoke(world.a).await;
    let (mut agent, _) = Agent::connect(&replica, &key, Some(active.version_hash())).await;
    let told_now = agent.applied().await;
    assert_eq!(told(&told_now), "no-grant");
    assert!(told_now.version > active.version);
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_comes_back_with_the_wanted_document_is_sent_nothing_but_its_generation_is_known(pool: PgPool) {
    let world = World::new(pool).await;
    let key = world.agent().await;
    world.grant_live(world.a, &["openai/a"]).await;
    // Its status was lost: the control plane never heard that it runs the document.
    let replica = Replica::start(&world.store).await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let document = agent.document().await;
    drop(agent);
    let (mut agent, _) = Agent::connect(&replica, &key, Some(document.version_hash())).await;
    until("the generation is known", async || world.session(&key).await.applied_key_generation == Some(1))
        .await;
    world.set_mode(&key, ConfigMode::Env, None).await;
    assert_eq!(told(&agent.document().await), "env", "the first frame after welcome");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_agent_that_cannot_be_served_does_not_hold_up_the_others(pool: PgPool) {
    let world = World::new(pool).await;
    let (good, bad) = (world.agent().await, world.agent().await);
    let manual = ManualConfig {
        provider: "openai".to_owned(),
        model: "m".to_owned(),
        base_url: "https://x.example".to_owned(),
        max_tokens: None,
        system_prompt: None,
    };
    // Its key was sealed for another row.
    world.set_mode_sealed(&bad, ConfigMode::Manual, Some(&manual), &good).await;
    let replica = Replica::start(&world.store).await;
    let (_waiting, _) = Agent::connect(&replica, &bad, None).await;
    let (mut agent, _) = Agent::connect(&replica, &good, None).await;
    assert_eq!(told(&agent.applied().await), "no-grant");
    world.grant_live(world.a, &["openai/a"]).await;
    agent.until_model("openai/a").await;
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_burst_is_coalesced_and_ends_right(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.applied().await;
    for n in 0..10 {
        let mode = if n % 2 == 0 { ConfigMode::Env } else { ConfigMode::Realm };
        world.set_mode(&key, mode, None).await;
    }
    let last = world.grant_live(world.a, &["openai/a"]).await;
    let document = agent.until_model("openai/a").await;
    assert_eq!(document.version, last);
    let (mut sent, mut version) = (0, 0);
    agent.say(FromAgent::Pong(reeve_protocol::Empty {})).await;
    world.set_mode(&key, ConfigMode::Env, None).await;
    while version <= last {
        version = agent.applied().await.version;
        sent += 1;
    }
    assert_eq!(sent, 1, "nothing older comes after the newest");
    replica.stop().await;
}
