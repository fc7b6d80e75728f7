//! Who gets no socket, and bounded storms (promise G10).

use futures_util::future::join_all;
use reeve_protocol::SOCKET_PATH;
use sqlx::PgPool;

use super::{
    agent::{Agent, Refused},
    replica::{Replica, quick},
    world::World,
};
use crate::{
    domain::agent::AgentStatus,
    push::{PushOptions, testing::TestKey},
};

async fn refused(replica: &Replica, headers: &[(&'static str, &str)]) -> Refused {
    Agent::dial(replica.address, SOCKET_PATH, headers).await.err().expect("no socket")
}

#[sqlx::test(migrations = "../migrations")]
async fn there_is_no_anonymous_socket(pool: PgPool) {
    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let key = world.agent().await;
    let now = world.store.clock.now();

    let none = refused(&replica, &[("x-request-id", "r-1")]).await;
    assert_eq!((none.status, none.code()), (401, "bad-proof"));
    assert_eq!(none.content_type, "application/problem+json");
    assert_eq!(none.problem["requestId"], "r-1");
    for field in ["type", "title", "detail"] {
        assert!(none.problem[field].is_string(), "{field}");
    }
    assert_eq!(none.problem["status"], 401);

    let basic = refused(&replica, &[("authorization", "Basic YTpi")]).await;
    assert_eq!((basic.status, basic.code()), (401, "bad-proof"));
    let mut old = key.claims(now);
    (old.iat, old.exp) = (old.iat - 300, old.exp - 300);
    let bearer = format!("Bearer {}", key.sign(&old));
    assert_eq!(refused(&replica, &[("authorization", &bearer)]).await.code(), "token-expired");

    let bearer = format!("Bearer {}", key.proof(now));
    Agent::dial(replica.address, SOCKET_PATH, &[("authorization", &bearer)]).await.unwrap();
    let twice = refused(&replica, &[("authorization", &bearer)]).await;
    assert_eq!((twice.status, twice.code()), (401, "replayed"));

    let stranger = Agent::open(&replica, &TestKey::new()).await.err().unwrap();
    assert_eq!((stranger.status, stranger.code()), (401, "agent-unknown"));
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_plain_request_is_told_what_this_is(pool: PgPool) {
    use tower::ServiceExt as _;

    let world = World::new(pool).await;
    let replica = Replica::start(&world.store).await;
    let (agent, stranger) = (world.agent().await, TestKey::new());
    let revoked = world.agent_as(AgentStatus::Revoked).await;
    let now = world.store.clock.now();
    let proof = agent.proof(now);
    let proofs =
        [None, Some(stranger.proof(now)), Some(revoked.proof(now)), Some(proof.clone()), Some(proof.clone())];
    for (proof, expected) in proofs.into_iter().zip([401, 401, 403, 426, 426]) {
        let mut request = axum::http::Request::get(SOCKET_PATH);
        if let Some(proof) = proof {
            request = request.header("authorization", format!("Bearer {proof}"));
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = crate::push::router(replica.push.clone()).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), expected);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let bearer = format!("Bearer {proof}");
    let headers = [("authorization", bearer.as_str())];
    assert!(Agent::dial(replica.address, SOCKET_PATH, &headers).await.is_ok(), "it is not used up");
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_full_replica_says_when_to_come_back(pool: PgPool) {
    let world = World::new(pool).await;
    let options = PushOptions { max_sessions: 2, max_pending: 1, ..quick() };
    let replica = Replica::with(&world.store, options).await;
    let pending = [world.agent_as(AgentStatus::Pending).await, world.agent_as(AgentStatus::Pending).await];
    let first = Agent::open(&replica, &pending[0]).await.unwrap();
    let full = Agent::open(&replica, &pending[1]).await.err().unwrap();
    assert_eq!((full.status, full.code()), (503, "too-many-pending"));
    assert!((1..=20).contains(&full.retry_after.unwrap()));
    let second = Agent::open(&replica, &world.agent().await).await.unwrap();
    let full = Agent::open(&replica, &world.agent().await).await.err().unwrap();
    assert_eq!((full.status, full.code()), (503, "too-many-sessions"));
    assert!(full.retry_after.is_some());
    drop((first, second));
    super::until("room is given back", async || Agent::open(&replica, &pending[1]).await.is_ok()).await;
    replica.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn g10_a_storm_of_connects_is_bounded_and_ends(pool: PgPool) {
    let world = World::new(pool).await;
    world.grant_live(world.a, &["openai/a"]).await;
    let options = PushOptions { connects_at_once: 1, connects_waiting: 4, ..quick() };
    let replica = Replica::with(&world.store, options).await;
    let mut keys = Vec::new();
    for _ in 0..40 {
        keys.push(world.agent().await);
    }
    let storm = keys.iter().map(|key| {
        let replica = &replica;
        async move {
            let mut sent_away = 0;
            loop {
                match Agent::open(replica, key).await {
                    Ok(mut agent) => {
                        agent.hello(None, None).await;
                        agent.next().await;
                        assert_eq!(agent.applied().await.document.state(), "active");
                        return sent_away;
                    }
                    Err(refused) => {
                        assert_eq!((refused.status, refused.code()), (503, "too-many-connects"));
                        assert!(refused.retry_after.is_some());
                        sent_away += 1;
                        // A real agent waits as told; here it tries again as soon as the others had their turn.
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
    });
    let sent_away: Vec<u32> = join_all(storm).await;
    assert!(sent_away.iter().any(|n| *n > 0), "not all were let in at once");
    replica.stop().await;
}
