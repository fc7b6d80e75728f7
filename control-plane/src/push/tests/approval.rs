//! Agents that wait, are let in, are turned away, or are cut off.

use reeve_protocol::{ToAgent, close_code};
use sqlx::PgPool;

use super::{
    agent::{Agent, told},
    replica::Replica,
    world::World,
};
use crate::{domain::agent::AgentStatus, push::testing::TestKey};

async fn waiting(replica: &Replica, key: &TestKey) -> Agent {
    let mut agent = Agent::open(replica, key).await.expect("a pending agent's session is accepted");
    agent.hello(None, None).await;
    assert!(matches!(agent.next().await, ToAgent::RegistrationPending(_)));
    agent
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pending_agent_waits_and_goes_on_as_a_full_session(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent_as(AgentStatus::Pending).await;
    world.grant_live(world.a, &["openai/a"]).await;
    let mut agent = waiting(&replica, &key).await;
    // It is told nothing of what happens meanwhile.
    world.revoke(world.a).await;
    world.grant_live(world.a, &["openai/a"]).await;
    world.set_status(&key, AgentStatus::Approved, None).await;
    let ToAgent::RegistrationApproved(approved) = agent.next().await else { panic!("approved") };
    assert_eq!(approved.realms, ["research"]);
    assert!(matches!(agent.next().await, ToAgent::Welcome(_)));
    assert_eq!(told(&agent.applied().await), "openai/a");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_rejected_registration_ends_the_session(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent_as(AgentStatus::Pending).await;
    let mut agent = waiting(&replica, &key).await;
    world.set_status(&key, AgentStatus::Rejected, Some("not one of ours")).await;
    let ToAgent::RegistrationRejected(rejected) = agent.next().await else { panic!("rejected") };
    assert_eq!(rejected.reason, "not one of ours");
    assert_eq!(agent.closed().await, Some(close_code::REVOKED));
    assert_eq!(Agent::open(&replica, &key).await.err().unwrap().code(), "agent-rejected");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_or_deleted_agent_is_cut_off_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    world.grant_live(world.a, &["openai/a"]).await;
    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.until_model("openai/a").await;
    world.set_status(&key, AgentStatus::Revoked, Some("lost laptop")).await;
    let ToAgent::Revoked(revoked) = agent.next().await else { panic!("revoked") };
    assert_eq!(revoked.reason.as_deref(), Some("lost laptop"));
    assert_eq!(agent.closed().await, Some(close_code::REVOKED));
    let refused = Agent::open(&replica, &key).await.err().unwrap();
    assert_eq!((refused.status, refused.code()), (403, "agent-revoked"));

    let key = world.agent().await;
    let (mut agent, _) = Agent::connect(&replica, &key, None).await;
    agent.applied().await;
    world.delete(&key).await;
    assert!(matches!(agent.next().await, ToAgent::Revoked(_)));
    assert_eq!(agent.closed().await, Some(close_code::REVOKED));
    let refused = Agent::open(&replica, &key).await.err().unwrap();
    assert_eq!((refused.status, refused.code()), (401, "agent-unknown"));
    replica.stop().await;
}
