//! How far the agents of a change are, as its receipt tells it.

use sqlx::PgPool;

use super::{agent::Agent, replica::Replica, until, world::World};
use crate::{
    base::ids::ReplicaId,
    domain::{
        agent::{AgentState, ConfigMode},
        change::{Change, Revision},
        object::Object,
    },
    push::testing::TestKey,
    store::{
        applied,
        changes::{self, HowFar},
        sessions::{self, Looked, Rejection, Report},
    },
};

async fn state(world: &World, revision: Revision, key: &TestKey) -> AgentState {
    let mut conn = world.store.conn().await.unwrap();
    let (counts, list) = changes::agents(&mut conn, revision, 9).await.unwrap();
    let all = counts.offline + counts.pending + counts.applied + counts.rejected;
    assert_eq!(all, i64::try_from(list.len()).unwrap());
    list.into_iter().find(|agent| agent.did == key.did()).unwrap().state
}

async fn change(world: &World) -> Revision {
    let tx = world.store.begin("test").await.unwrap();
    world.finish(tx, Change { kind: "realm.update", realms: vec![world.realm], ..Change::default() }).await
}

/// The replica holds the agent's session, and its relay finds out what it should have.
struct Session<'a> {
    world: &'a World,
    key: &'a TestKey,
    epoch: i64,
}

impl Session<'_> {
    async fn looked(&self, revision: Revision, hash: &str) {
        let looked = Looked { did: self.key.did(), epoch: self.epoch, hash: hash.to_owned() };
        sessions::looked(&mut self.world.store.conn().await.unwrap(), &[looked], revision).await.unwrap();
    }

    async fn said(&self, applied: Option<&str>, rejected: Option<&str>) {
        let rejection = |hash: &str| Rejection {
            version: 1,
            hash: hash.to_owned(),
            code: "no".to_owned(),
            message: String::new(),
            field: None,
        };
        let report = Report {
            did: self.key.did(),
            epoch: self.epoch,
            seen_at: self.world.store.clock.now(),
            agent_version: None,
            applied: applied.map(|hash| (1, hash.to_owned(), None)),
            rejected: rejected.map(rejection),
        };
        sessions::record(&mut self.world.store.conn().await.unwrap(), &[report]).await.unwrap();
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_agent_is_through_when_it_was_looked_at_and_has_answered(pool: PgPool) {
    let world = World::new(pool).await;
    let key = world.agent().await;
    let first = change(&world).await;
    assert_eq!(state(&world, first, &key).await, AgentState::Offline);

    let mut conn = world.store.conn().await.unwrap();
    let replica = ReplicaId(world.store.ids.uuid());
    let epoch = sessions::open(&mut conn, &key.did(), replica, world.store.clock.now()).await.unwrap();
    drop(conn);
    let session = Session { world: &world, key: &key, epoch };
    session.said(Some("old"), None).await;
    assert_eq!(state(&world, first, &key).await, AgentState::Pending, "nobody has looked at it yet");
    session.looked(first, "old").await;
    assert_eq!(state(&world, first, &key).await, AgentState::Applied);

    let second = change(&world).await;
    assert_eq!(state(&world, second, &key).await, AgentState::Pending);
    assert_eq!(state(&world, first, &key).await, AgentState::Applied, "the later one does not concern it");
    session.looked(second, "new").await;
    assert_eq!(state(&world, second, &key).await, AgentState::Pending);
    session.looked(first, "old").await;
    assert_eq!(state(&world, second, &key).await, AgentState::Pending, "an older look comes too late");
    session.said(None, Some("new")).await;
    assert_eq!(state(&world, second, &key).await, AgentState::Rejected);
    session.said(Some("new"), None).await;
    assert_eq!(state(&world, second, &key).await, AgentState::Applied);
    let counted = changes::agents(&mut world.store.conn().await.unwrap(), second, 0).await.unwrap();
    assert_eq!(counted, (HowFar { applied: 1, ..HowFar::default() }, Vec::new()));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_agent_learns_what_the_proxies_did_before_it_is_through(pool: PgPool) {
    let world = World::new(pool).await;
    let key = world.agent().await;
    let mut conn = world.store.conn().await.unwrap();
    let replica = ReplicaId(world.store.ids.uuid());
    let epoch = sessions::open(&mut conn, &key.did(), replica, world.store.clock.now()).await.unwrap();
    drop(conn);
    let session = Session { world: &world, key: &key, epoch };
    let team = Object::team(world.realm);
    let tx = world.store.begin("test").await.unwrap();
    let asked = Change { kind: "grant", realms: vec![world.realm], objects: vec![team], ..Change::default() };
    let revision = world.finish(tx, asked).await;
    session.looked(revision, "old").await;
    session.said(Some("old"), None).await;
    assert_eq!(state(&world, revision, &key).await, AgentState::Applied, "of what there is so far");

    // Another's, which the agent need not be looked at for.
    let tx = world.store.begin("test").await.unwrap();
    world.finish(tx, Change { kind: "other", ..Change::default() }).await;
    let now = world.store.clock.now();
    let told = world.live(world.key, &["openai/a"]).await;
    let mut conn = world.store.conn().await.unwrap();
    // The run was started for what was asked before, and made all of it true; the next one finds nothing to do.
    for (generation, told, done) in [(revision - 1, Some(told), 0), (revision, None, 1)] {
        let ticked = applied::effects_done(&mut conn, world.proxy, team, generation, told, now).await;
        assert_eq!(ticked.unwrap(), done);
    }
    drop(conn);
    assert_eq!(state(&world, revision, &key).await, AgentState::Pending);
    session.looked(told, "old").await;
    assert_eq!(state(&world, revision, &key).await, AgentState::Applied);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_that_makes_no_difference_is_through_without_a_document(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    let first = agent.applied().await;
    let revision = change(&world).await;
    until("it is through", async || state(&world, revision, &key).await == AgentState::Applied).await;

    // What it was offered meanwhile is taken back while it is away: it has what it should have.
    world.set_mode(&key, ConfigMode::Env, None).await;
    assert_ne!(agent.document().await.hash, first.hash);
    drop(agent);
    until("it is gone", async || world.session(&key).await.replica_id.is_none()).await;
    world.set_mode(&key, ConfigMode::Realm, None).await;
    let revision = change(&world).await;
    let (agent, _) = Agent::connect(&replica, &key, Some(first.version_hash())).await;
    until("it is through", async || state(&world, revision, &key).await == AgentState::Applied).await;
    assert_eq!(world.session(&key).await.offered_hash, Some(first.hash));
    drop(agent);
    replica.stop().await;
}
