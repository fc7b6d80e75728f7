//! Promise G4, and who holds the session.

use chrono::TimeDelta;
use reeve_protocol::close_code;
use sqlx::PgPool;

use super::{agent::Agent, replica::Replica, until, world::World};
use crate::{domain::agent::ConfigMode, store::installation};

#[sqlx::test(migrations = "../migrations")]
async fn g4_versions_never_go_back(pool: PgPool) {
    let world = World::new(pool).await;
    let key = world.agent().await;
    let mut versions = Vec::new();
    let mut running = None;

    // Reconnects on one replica.
    let first = Replica::start(&world.store).await;
    for round in 0..3 {
        let (mut agent, welcome) = Agent::connect(&first, &key, running.clone()).await;
        assert_eq!(welcome.epoch, round + 1);
        let mode = if round % 2 == 0 { ConfigMode::Env } else { ConfigMode::Realm };
        world.set_mode(&key, mode, None).await;
        let wanted = if round % 2 == 0 { "env" } else { "unavailable" };
        loop {
            let document = agent.applied().await;
            versions.push(document.version);
            running = Some(document.version_hash());
            if document.document.state() == wanted {
                break;
            }
        }
    }
    first.stop().await;

    // A restart: what was offered is known from the database.
    let second = Replica::start(&world.store).await;
    world.set_mode(&key, ConfigMode::Realm, None).await;
    let (mut agent, _) = Agent::connect(&second, &key, running.clone()).await;
    let document = agent.applied().await;
    versions.push(document.version);
    running = Some(document.version_hash());

    // A move between two replicas on one database, and back.
    let third = Replica::start(&world.store).await;
    let moves = [(&third, ConfigMode::Env), (&second, ConfigMode::Realm), (&third, ConfigMode::Env)];
    for (replica, mode) in moves {
        let (mut moved, _) = Agent::connect(replica, &key, running.clone()).await;
        assert_eq!(agent.closed().await, Some(close_code::SUPERSEDED));
        world.set_mode(&key, mode, None).await;
        world.grant(world.a).await;
        world.revoke(world.a).await;
        let wanted = if mode == ConfigMode::Env { "env" } else { "unavailable" };
        loop {
            let document = moved.applied().await;
            versions.push(document.version);
            running = Some(document.version_hash());
            if document.document.state() == wanted {
                break;
            }
        }
        agent = moved;
    }
    assert!(versions.len() >= 7, "{versions:?}");
    assert!(versions.is_sorted(), "{versions:?}");
    let offered = world.session(&key).await.offered_version;
    assert!(versions.iter().all(|version| *version <= offered), "every one was recorded before it was sent");
    second.stop().await;
    third.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn g4_an_older_snapshot_is_not_sent_after_a_newer_offer(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.applied().await;
    // Another replica has offered a version that this one has not seen yet.
    let ahead = world.session(&key).await.offered_version + 3;
    let offer = crate::store::sessions::Offer {
        did: key.did(),
        version: ahead,
        hash: "elsewhere".to_owned(),
        realm_id: None,
        model_id: None,
    };
    let mut conn = world.store.conn().await.unwrap();
    let now = world.store.clock.now();
    assert_eq!(crate::store::sessions::offer(&mut conn, &[offer], now).await.unwrap().len(), 1);
    drop(conn);
    for mode in [ConfigMode::Env, ConfigMode::Realm, ConfigMode::Env] {
        world.set_mode(&key, mode, None).await;
    }
    let document = agent.applied().await;
    assert!(document.version >= ahead, "{} is older than {ahead}", document.version);
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn connecting_twice_the_newest_wins(pool: PgPool) {
    let world = World::new(pool).await;
    let (one, two) = (Replica::start(&world.store).await, Replica::start(&world.store).await);
    let key = world.agent().await;
    let (mut first, _) = Agent::connect(&one, &key, None).await;
    let document = first.document().await;
    let (mut second, welcome) = Agent::connect(&one, &key, None).await;
    assert_eq!(welcome.epoch, 2);
    // A late word of the older one is dropped.
    first.apply(&document).await;
    assert_eq!(first.closed().await, Some(close_code::SUPERSEDED));
    assert_eq!(one.push.sessions(), 1);
    second.document().await;

    let (mut third, welcome) = Agent::connect(&two, &key, None).await;
    assert_eq!(welcome.epoch, 3);
    assert_eq!(second.closed().await, Some(close_code::SUPERSEDED), "also on another replica");
    third.applied().await;
    until("the newest one's word is stored", async || world.session(&key).await.applied_hash.is_some()).await;
    until("one session is left", async || one.push.sessions() + two.push.sessions() == 1).await;
    let session = world.session(&key).await;
    assert_eq!(session.epoch, 3);
    assert!(session.replica_id.is_some(), "the end of the older ones did not end the newest");
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_was_taken_for_lost_is_shown_again(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let (key, gone) = (world.agent().await, world.agent().await);
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let (mut leaver, _) = Agent::connect(&replica, &gone, None).await;
    agent.applied().await;
    leaver.applied().await;
    let both = async || {
        let (one, two) = (world.session(&key).await, world.session(&gone).await);
        one.replica_id.is_some() && two.replica_id.is_some() && one.disconnected_at.is_none()
    };
    // Another replica has not heard of this one for too long.
    let lose = async || {
        let mut conn = world.store.conn().await.unwrap();
        let now = world.store.clock.now();
        installation::replicas_gone(&mut conn, None, now + TimeDelta::hours(1), now).await.unwrap()
    };
    until("both are shown", both).await;
    assert_eq!(lose().await, 2);
    until("both are shown again", both).await;
    // One that has really ended stays so.
    drop(leaver);
    until("it has ended", async || world.session(&gone).await.replica_id.is_none()).await;
    assert_eq!(lose().await, 1);
    until("the other is shown again", async || world.session(&key).await.replica_id.is_some()).await;
    let ended = world.session(&gone).await;
    assert!(ended.replica_id.is_none() && ended.disconnected_at.is_some());
    // Its word counts as before.
    world.set_mode(&key, ConfigMode::Env, None).await;
    let document = agent.applied().await;
    until("it is stored", async || world.session(&key).await.applied_hash.as_ref() == Some(&document.hash))
        .await;
    replica.stop().await;
}
