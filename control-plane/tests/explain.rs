//! "Can this agent call this model, and why" says what the proxy then does, and names what is in the way.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

mod support;

use proxy_sim::{Fault, Rule, SimConfig};
use reeve::{
    base::reach::Reach,
    domain::{
        error::Error,
        freeze::FreezeKind::{self, Agent, Model, Proxy, Realm},
    },
    push::compile::compile,
    service::{
        explain::{Explanation, FactKind, explain},
        freezes, members,
    },
};
use serde_json::json;
use sqlx::PgPool;

use support::{World, ctx};

const DID: &str = "did:key:anne";

/// The answer, held against the simulator: what it says can be called is answered, what it says cannot is refused or has no key.
async fn asked(world: &World, model: &str) -> Explanation {
    let said = explain(&world.services, &Reach::everywhere(), DID, model).await.expect("an answer");
    let inputs = world.services.store.document_inputs(&[DID.to_owned()]).await.expect("inputs");
    let document = compile(&inputs, DID).expect("an agent").message.document;
    let answered = match document.config() {
        None => false,
        Some(config) => {
            let body = json!({ "model": said.litellm_model_name, "messages": [{ "role": "user", "content": "ping" }] });
            let url = format!("{}/v1/chat/completions", world.sim.url());
            let call = reqwest::Client::new().post(url).bearer_auth(config.api_key.expose()).json(&body);
            call.send().await.is_ok_and(|answer| answer.status() == 200)
        }
    };
    assert_eq!(said.allowed, answered, "{said:#?}");
    assert_eq!(said.allowed, said.way.is_some());
    said
}

/// It says no, names this as the first thing in the way, and what to do holds this text.
async fn refused(world: &World, kind: FactKind, todo: &str) {
    let said = asked(world, "alpha").await;
    let first = said.facts.iter().find(|fact| !fact.holds).expect("something is in the way");
    assert_eq!(first.kind, kind, "{said:#?}");
    let text = first.todo.as_deref().unwrap_or_default();
    assert!(text.contains(todo), "{text}");
}

async fn frozen(world: &World, kind: FreezeKind, name: &str, fact: FactKind) {
    freezes::freeze(&world.services, &ctx(), kind, name, "leaked").await.expect("frozen");
    world.settle().await;
    refused(world, fact, "reeve unfreeze").await;
    freezes::unfreeze(&world.services, &ctx(), kind, name).await.expect("thawed");
    world.settle().await;
    assert!(asked(world, "alpha").await.allowed);
}

#[sqlx::test(migrations = "../migrations")]
async fn it_says_what_is_in_the_way_from_the_agent_to_the_proxy(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    let run = async |sql: &'static str| {
        sqlx::query(sql).execute(&world.services.store.pool).await.expect("done");
    };
    world.model("alpha").await;
    world.model("beta").await;
    let unknown = explain(&world.services, &Reach::everywhere(), DID, "alpha").await;
    assert!(matches!(unknown, Err(Error::NotFound { what: "agent", .. })));
    run("insert into agent (did, name, status, created_at, updated_at) values ('did:key:anne', 'Anne', 'pending', now(), now())").await;
    let unknown = explain(&world.services, &Reach::everywhere(), DID, "gamma").await;
    assert!(matches!(unknown, Err(Error::NotFound { what: "model", .. })));

    refused(&world, FactKind::Agent, "reeve agents approve did:key:anne").await;
    run("update agent set status = 'approved', approved_at = now()").await;
    refused(&world, FactKind::Realm, "reeve realm join").await;
    world.realm("red").await;
    world.realm("blue").await;
    for realm in ["red", "blue"] {
        members::join(&world.services, &ctx(), realm, DID, false).await.expect("joined");
    }
    world.settle().await;
    refused(&world, FactKind::Grant, "reeve grant openai/alpha red").await;
    // Another model is no help, and the realm that has come furthest is the one that is told of.
    world.grant("beta", "red", None).await;
    world.grant("alpha", "blue", Some(10.0)).await;
    refused(&world, FactKind::Proxy, "reeve proxies show default").await;
    world.settle().await;
    refused(&world, FactKind::Mode, "reeve agent-config set did:key:anne --realm blue --model openai/alpha")
        .await;
    run("update agent set realm_id = (select id from realm where slug = 'blue'), model_id = (select id from model where name = 'alpha')").await;
    let said = asked(&world, "alpha").await;
    let way = said.way.expect("a way");
    assert_eq!(
        (way.realm_slug.as_str(), way.key_generation, way.proxies),
        ("blue", 1, vec!["default".to_owned()])
    );
    let granted = said.facts.iter().find(|f| f.kind == FactKind::Grant).expect("the grant");
    assert!(granted.holds && granted.subject == "blue" && granted.since.is_some(), "{granted:?}");

    frozen(&world, Realm, "blue", FactKind::Freeze).await;
    frozen(&world, Model, "alpha", FactKind::Freeze).await;
    frozen(&world, Agent, DID, FactKind::Freeze).await;
    frozen(&world, Proxy, "default", FactKind::Proxy).await;

    // The budget, as a scan saw it.
    run("update applied set spend = 10 where kind = 'team'").await;
    let said = explain(&world.services, &Reach::everywhere(), DID, "alpha").await.expect("an answer");
    let budget = said.facts.iter().find(|fact| fact.kind == FactKind::Budget).expect("the budget");
    assert!(!said.allowed && !budget.holds && budget.text.contains("10.00 of 10.00 USD"), "{said:#?}");
    run("update applied set spend = 1 where kind = 'team'").await;
    assert!(explain(&world.services, &Reach::everywhere(), DID, "alpha").await.expect("an answer").allowed);

    run("update agent set mode = 'env'").await;
    refused(&world, FactKind::Mode, "reeve agent-config set").await;
    run("update agent set mode = 'realm'").await;
    assert!(asked(&world, "alpha").await.allowed);

    assert!(!asked(&world, "beta").await.allowed, "it runs the other realm");

    world.revoke("alpha", "blue").await;
    refused(&world, FactKind::Grant, "reeve grant openai/alpha blue").await;
}

/// Reeve does not call it a yes while the proxy looks wiped, or nobody can reach it.
#[sqlx::test(migrations = "../migrations")]
async fn a_proxy_that_is_wiped_or_does_not_answer_is_named(pool: PgPool) {
    let world = World::with(pool, SimConfig::default()).await;
    world.model("alpha").await;
    world.realm("red").await;
    sqlx::query("insert into agent (did, name, status, created_at, updated_at, approved_at) values ($1, 'Anne', 'approved', now(), now(), now())")
        .bind(DID)
        .execute(&world.services.store.pool)
        .await
        .expect("an agent");
    members::join(&world.services, &ctx(), "red", DID, false).await.expect("joined");
    world.grant("alpha", "red", None).await;
    world.settle().await;
    assert!(asked(&world, "alpha").await.allowed);
    let taken = world.sim().take_database();
    world.reconciler.scan(world.proxy).await.expect("scanned");
    refused(&world, FactKind::Proxy, "It is made again").await;
    world.sim().put_back(taken);
    world.scan_and_settle().await;
    assert!(asked(&world, "alpha").await.allowed);
    world.sim().fault(Rule::new(Fault::Reset));
    world.reconciler.check(world.proxy).await.expect("probed");
    refused(&world, FactKind::Proxy, "reeve proxies check default").await;
}
