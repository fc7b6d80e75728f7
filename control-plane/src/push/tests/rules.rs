//! Rules of the protocol that show only on a real socket.

use std::{fs, path::Path, time::Duration};

use reeve_protocol::{Envelope, FromAgent, Heartbeat, MAX_MESSAGE_BYTES, ToAgent, close_code};
use sqlx::PgPool;

use super::{
    agent::{Agent, told},
    replica::{Replica, quick},
    until,
    world::World,
};
use crate::{
    domain::agent::ConfigMode,
    push::{PushOptions, testing::TestKey},
};

#[sqlx::test(migrations = "../migrations")]
async fn a_rejected_document_is_not_offered_again_until_asked_for(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let good = agent.applied().await;
    world.grant_live(world.a, &["openai/a"]).await;
    let bad = loop {
        let document = agent.document().await;
        if told(&document) == "openai/a" {
            break document;
        }
        agent.apply(&document).await;
    };
    agent.reject(&bad, Some(good.version_hash())).await;
    until("the refusal is stored", async || world.session(&key).await.rejected_hash.is_some()).await;
    let session = world.session(&key).await;
    assert_eq!(session.rejected_hash.as_ref(), Some(&bad.hash));
    assert_eq!(session.rejected_code.as_deref(), Some("model-too-small"));
    assert_eq!(session.rejected_field.as_deref(), Some("config.model"));
    assert_eq!(session.applied_hash.as_ref(), Some(&good.hash), "what it still runs");

    // A change that leads to the same document: it is not offered; the next other one is.
    world.live(world.key, &["openai/a"]).await;
    world.set_mode(&key, ConfigMode::Env, None).await;
    let next = agent.document().await;
    assert_eq!(told(&next), "env");
    agent.reject(&next, Some(good.version_hash())).await;
    world.set_mode(&key, ConfigMode::Realm, None).await;
    let again = agent.document().await;
    assert_eq!(again.hash, bad.hash, "an input changed: env is what is refused now");
    agent.reject(&again, Some(good.version_hash())).await;

    // Also over a reconnect, until an admin says so.
    until("the refusal is stored", async || {
        world.session(&key).await.rejected_hash.as_ref() == Some(&bad.hash)
    })
    .await;
    drop(agent);
    let mut agent = Agent::open(&replica, &key).await.unwrap();
    agent.hello(Some(good.version_hash()), Some(again.version_hash())).await;
    assert!(matches!(agent.next().await, ToAgent::Welcome(_)));
    world.ask_retry(&key).await;
    let retried = agent.applied().await;
    assert_eq!(retried.hash, bad.hash);
    until("the refusal is over", async || world.session(&key).await.rejected_hash.is_none()).await;
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_answer_is_asked_for_once_more_then_the_socket_closes(pool: PgPool) {
    let world = World::new(pool).await;
    let options = PushOptions { status_timeout: Duration::from_millis(50), ..quick() };
    let replica = Replica::with(&world.store, options).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let first = agent.document().await;
    let second = agent.document().await;
    assert_eq!(first.version_hash(), second.version_hash());
    assert_eq!(agent.closed().await, Some(close_code::TIMEOUT));
    // It resyncs: a new session gets the document again.
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    assert_eq!(agent.applied().await.hash, first.hash);
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn heartbeats_go_both_ways(pool: PgPool) {
    let world = World::new(pool).await;
    let options = PushOptions { heartbeat: Duration::from_millis(50), ..quick() };
    let replica = Replica::with(&world.store, options).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.applied().await;
    // More than would close a silent session; the socket's own pongs are an answer.
    for _ in 0..6 {
        assert!(matches!(agent.frame().await, Ok(ToAgent::Heartbeat(_))));
    }
    agent.say(FromAgent::Heartbeat(Heartbeat::default())).await;
    assert!(matches!(agent.next().await, ToAgent::Pong(_)));
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn every_golden_frame_of_an_agent_is_understood(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/golden");
    let mut read = 0;
    for file in fs::read_dir(golden).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("from-agent.") {
            continue;
        }
        read += 1;
        let text = fs::read_to_string(&path).unwrap();
        let key = world.agent().await;
        let mut agent = Agent::open(&replica, &key).await.unwrap();
        let is_hello = matches!(Envelope::decode(&text).unwrap().message, FromAgent::Hello(_));
        if !is_hello {
            agent.hello(None, None).await;
        }
        agent.text(text).await;
        agent.text(r#"{"type":"telemetry","messageId":"m","timestamp":"2026-11-20T10:00:00Z"}"#).await;
        // Only the frame after it, of a type that is unknown, is answered with an error.
        loop {
            if let ToAgent::Error(error) = agent.next().await {
                assert_eq!(error.code, "unknown-type", "{name}");
                break;
            }
        }
    }
    assert!(read >= 8);
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_is_at_most_one_mebibyte(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    for bytes in [MAX_MESSAGE_BYTES + 1, 2 * MAX_MESSAGE_BYTES + 1] {
        let key = world.agent().await;
        let (mut agent, _) = Agent::connect(&replica, &key, None).await;
        agent.document().await;
        agent.text(" ".repeat(bytes)).await;
        let code = agent.closed().await;
        // Far over the limit the goodbye may be lost with what was not read.
        assert!(
            code == Some(close_code::TOO_BIG) || (code.is_none() && bytes > 2 * MAX_MESSAGE_BYTES),
            "{code:?}"
        );
    }
    until("both sessions are over", async || replica.push.sessions() == 0).await;
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stop_sends_everybody_away_and_writes_what_they_said(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let mut agents = Vec::new();
    for _ in 0..5 {
        let key = world.agent().await;
        let (mut agent, _) = Agent::connect(&replica, &key, None).await;
        let document = agent.applied().await;
        // Answered after what was said before it was heard.
        let applied = Some(document.version_hash());
        agent.say(FromAgent::Heartbeat(Heartbeat { applied, ..Heartbeat::default() })).await;
        assert!(matches!(agent.next().await, ToAgent::Pong(_)));
        agents.push((key, agent, document));
    }
    let stopping = replica.stop();
    let leaving = async {
        for (_, agent, _) in &mut agents {
            let goaway = match agent.next().await {
                ToAgent::Goaway(goaway) => goaway,
                other => panic!("goaway comes first, not {other:?}"),
            };
            assert!(goaway.retry_after_ms > 0 && goaway.spread_ms >= 1_000);
            assert_eq!(agent.closed().await, Some(close_code::GOING_AWAY));
        }
    };
    tokio::join!(stopping, leaving);
    for (key, _, document) in &agents {
        let session = world.session(key).await;
        assert_eq!(session.applied_hash.as_ref(), Some(&document.hash));
        assert!(session.replica_id.is_none() && session.disconnected_at.is_some());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_client_supplied_agent_id_is_not_believed(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let (key, victim): (TestKey, TestKey) = (world.agent().await, world.agent().await);
    let bearer = format!("Bearer {}", key.proof(world.store.clock.now()));
    let id = victim.did();
    let headers = [("authorization", bearer.as_str()), ("x-agent-id", &id), ("x-agent-did", &id)];
    let path = format!("/ws/agent?did={id}&agentId={id}&agent_id={id}");
    let mut agent = Agent::dial(replica.address, &path, &headers).await.unwrap();
    let hello = format!(
        r#"{{"type":"hello","messageId":"m","timestamp":"2026-11-20T10:00:00Z","did":"{id}","agentId":"{id}","payload":
            {{"protocol":{{"min":1,"max":1}},"instanceId":"018f3c2a-2222-7000-8000-000000000001","agentVersion":"1",
             "did":"{id}","agentId":"{id}","name":"victim","realms":["all"]}}}}"#
    );
    agent.text(hello).await;
    let ToAgent::Welcome(welcome) = agent.next().await else { panic!("a welcome") };
    assert_eq!(welcome.did, key.did);
    agent.applied().await;
    until("its report is its own", async || world.session(&key).await.applied_hash.is_some()).await;
    assert_eq!(world.session(&victim).await, crate::domain::agent::AgentSession::default());
    replica.stop().await;
}
