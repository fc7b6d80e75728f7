//! The first page of the console: what it counts, whom it shows what, and the last hour.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, DID};
use crate::{
    base::{clock::Clock, ids::ReplicaId},
    domain::agent::AgentStatus,
    jobs::{pulse::PulseJob, purge},
};

const OTHER: &str = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH";

fn kinds(overview: &Value) -> Vec<&str> {
    overview["attention"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect()
}

async fn sql(pool: &PgPool, text: &'static str) {
    sqlx::query(text).execute(pool).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_installation_has_nothing_to_look_at(pool: PgPool) {
    let api = Api::new(pool);
    api.install().await;
    let all = api.get("/api/overview").await.is(200);
    assert_eq!(
        all["agents"],
        json!({ "total": 0, "awaitingApproval": 0, "connected": 0, "converged": 0, "behind": 0, "rejecting": 0,
            "offline": 0, "frozen": 0 })
    );
    assert_eq!(all["models"], json!({ "active": 0, "inactive": 0, "notApplied": 0 }));
    assert_eq!(all["realms"], json!({ "total": 0, "withoutGrants": 0, "frozen": 0 }));
    assert_eq!(all["changesInFlight"], json!({ "count": 0, "items": [] }));
    assert_eq!(all["revocations"], json!({ "count": 0, "items": [] }));
    assert_eq!((&all["attention"], &all["proxies"]["total"]), (&json!([]), &json!(0)));
    let pulse = all["pulse"].as_array().unwrap();
    assert_eq!(pulse.len(), 60);
    assert!(pulse.iter().all(|m| m["pushes"] == 0 && m["p50Ms"].is_null() && m["calls"] == 0));
}

#[sqlx::test(migrations = "../migrations")]
async fn everything_is_counted_and_told_the_gravest_first(pool: PgPool) {
    let clock = Clock::fixed("2026-11-28T12:00:00Z".parse().unwrap());
    let api = Api::at(pool.clone(), clock.clone());
    api.install().await;
    for proxy in ["eu", "us"] {
        api.proxy(proxy).await;
    }
    let model = api.model("one").await;
    api.model("two").await;
    let red = api.realm("red").await;
    api.realm("blue").await;
    api.agent(DID, AgentStatus::Approved).await;
    api.agent(OTHER, AgentStatus::Pending).await;
    api.post("/api/realms/red/agents", json!({ "did": DID })).await.is(201);
    let ends = "2026-11-30T12:00:00Z";
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    api.post("/api/models/two/realms", json!({ "realmId": "red", "expiresAt": ends })).await.is(201);
    api.pretend_reconciled().await;
    api.patch("/api/models/two", json!({ "status": "inactive" })).await.is(200);
    api.pretend_reconciled().await;
    sql(&pool, "update model_grant set done_at = now() where revoked_at is not null").await;
    let quiet = api.get("/api/overview").await.is(200);
    assert_eq!(quiet["changesInFlight"]["count"], 0, "{quiet}");
    assert_eq!(quiet["models"], json!({ "active": 1, "inactive": 1, "notApplied": 0 }));
    assert_eq!(quiet["realms"], json!({ "total": 2, "withoutGrants": 1, "frozen": 0 }));
    assert_eq!(kinds(&quiet), ["agents-waiting", "grant-ends"]);
    assert_eq!(quiet["attention"][0]["subject"], format!("agent/{OTHER}"));
    assert_eq!(quiet["attention"][0]["name"], "worker");

    // Now everything that can be wrong is.
    api.patch("/api/models/two", json!({ "status": "active" })).await.is(200);
    api.pretend_reconciled().await;
    let revoked = api.delete("/api/models/one/realms/red").await.revision();
    api.post("/api/freezes", json!({ "kind": "realm", "name": "blue", "reason": "leaked" })).await.is(201);
    api.connect(DID).await;
    for text in [
        "update proxy set status = 'unreachable', status_message = 'cannot connect', avoided = true where name = 'eu'",
        "update proxy set status = 'ready', enforced = false, prune_held = 3, wiped_since = now(), enforcement_policy = 'require',
             enforcement = '[{\"check\": \"model-in-query\", \"held\": false, \"status\": 200}]' where name = 'us'",
        "insert into drift (proxy_id, kind, external_id, class, name, found_at)
             select id, 'team', 'x', class, 'x', now() from proxy join (values ('eu', 'foreign'), ('us', 'changed')) v (n, class) on n = name",
        "update work set parked_code = 'x', parked_reason = 'x' where kind = 'team' and proxy_id = (select id from proxy where name = 'us')",
        "insert into work (proxy_id, kind, object_id, wanted_generation, next_attempt_at, enqueued_at)
             select p.id, 'deployment', d.id, 1, now(), now() from proxy p cross join deployment d where p.name = 'us'
             on conflict do nothing",
        "update agent_session set offered_version = 99, offered_hash = 'b', offered_at = now(), applied_hash = 'a', rejected_hash = 'b'",
        "update head set ahead = 1000, ahead_since = now()",
        "insert into person (id, email, name, password_hash, created_at, created_by, updated_at)
             values (gen_random_uuid(), 'ada@example.org', 'Ada', 'x', now(), 'admin', now())",
        "insert into person_role (person_id, role) select id, 'owner' from person",
    ] {
        sql(&pool, text).await;
    }
    let all = api.get("/api/overview").await.is(200);
    assert_eq!(
        all["proxies"],
        json!({ "total": 2, "ready": 1, "unreachable": 1, "unsupported": 0, "unknown": 0, "active": 2, "draining": 0,
            "disabled": 0, "deleting": 0, "avoided": 1, "frozen": 0, "withDrift": 1, "failingEnforcement": 1 })
    );
    assert_eq!(
        all["agents"],
        json!({ "total": 2, "awaitingApproval": 1, "connected": 1, "converged": 0, "behind": 0, "rejecting": 1,
            "offline": 0, "frozen": 0 })
    );
    assert_eq!(all["models"], json!({ "active": 2, "inactive": 0, "notApplied": 2 }));
    assert_eq!(all["realms"], json!({ "total": 2, "withoutGrants": 1, "frozen": 1 }));
    assert_eq!(all["changesInFlight"]["count"], 2, "{all}");
    assert_eq!(all["changesInFlight"]["items"][1]["revision"], revoked);
    assert_eq!(all["changesInFlight"]["items"][1]["proxiesFailed"], 1);
    let since = &all["revocations"]["items"][0]["since"];
    assert_eq!(
        all["revocations"],
        json!({ "count": 1, "items": [{ "modelId": model["id"], "litellmModelName": "openai/one", "realmId": red["id"],
            "realmSlug": "red", "since": since, "revision": revoked, "waitingFor": ["eu", "us"] }] })
    );
    let mut told = kinds(&all);
    told.sort_unstable();
    let mut expected = vec![
        "agents-waiting",
        "bootstrap-token",
        "documents-rejected",
        "drift",
        "enforcement-failed",
        "frozen",
        "grant-ends",
        "observe-mode",
        "proxy-unreachable",
        "proxy-wiped",
        "prune-held",
        "work-parked",
    ];
    assert_eq!(told, expected, "the revocation is young");
    let severities: Vec<&str> =
        all["attention"].as_array().unwrap().iter().map(|l| l["severity"].as_str().unwrap()).collect();
    let rank = |s: &&&str| ["critical", "warning", "info"].iter().position(|known| known == *s).unwrap();
    assert!(severities.iter().collect::<Vec<_>>().is_sorted_by_key(rank), "{severities:?}");

    // A proxy may keep what it holds in memory for 60 s, and then a minute.
    clock.advance(TimeDelta::seconds(121));
    expected.push("revocation-unproven");
    expected.sort_unstable();
    let later = api.get("/api/overview").await.is(200);
    let mut told = kinds(&later);
    told.sort_unstable();
    assert_eq!(told, expected);
    clock.advance(TimeDelta::hours(30));
    let day = api.get("/api/overview").await.is(200);
    let ending = day["attention"].as_array().unwrap().iter().find(|l| l["kind"] == "grant-ends").unwrap();
    assert_eq!((&ending["severity"], &ending["name"]), (&json!("warning"), &json!("red")));
}

#[sqlx::test(migrations = "../migrations")]
async fn each_caller_sees_the_parts_that_it_may(pool: PgPool) {
    let api = Api::new(pool);
    api.install().await;
    api.proxy("eu").await;
    for realm in ["red", "blue"] {
        api.realm(realm).await;
    }
    for (did, realm) in [(DID, "red"), (OTHER, "blue")] {
        api.agent(did, AgentStatus::Pending).await;
        api.post(&format!("/api/realms/{realm}/agents"), json!({ "did": did })).await.is(201);
        api.post("/api/freezes", json!({ "kind": "realm", "name": realm, "reason": realm })).await.is(201);
    }
    let see = async |body: Value| {
        let token = api.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned();
        api.call_as(Some(&token), "GET", "/api/overview", None, &[]).await.is(200)
    };
    let red = see(json!({ "name": "red", "role": "realm-admin", "realmIds": ["red"] })).await;
    assert_eq!((&red["proxies"], &red["pulse"]), (&json!(null), &json!(null)));
    assert_eq!((&red["agents"]["total"], &red["realms"]["total"]), (&json!(1), &json!(1)));
    assert_eq!(kinds(&red), ["agents-waiting", "frozen"]);
    assert!(!red.to_string().contains("blue") && !red.to_string().contains(OTHER), "{red}");
    let agents = see(json!({ "name": "agents", "permissions": ["agents:read"] })).await;
    assert_eq!(agents["agents"]["awaitingApproval"], 2);
    for part in ["proxies", "models", "realms", "changesInFlight", "revocations", "pulse"] {
        assert_eq!(agents[part], json!(null), "{part}");
    }
    assert_eq!(kinds(&agents), ["agents-waiting"]);
    let proxies = see(json!({ "name": "proxies", "permissions": ["proxies:read"] })).await;
    assert_eq!((&proxies["proxies"]["total"], &proxies["agents"]), (&json!(1), &json!(null)));
}

#[sqlx::test(migrations = "../migrations")]
async fn replicas_write_their_minutes_and_a_quiet_one_writes_nothing(pool: PgPool) {
    let clock = Clock::fixed("2026-11-28T12:00:30Z".parse().unwrap());
    let api = Api::at(pool.clone(), clock.clone());
    api.install().await;
    let rows = || async {
        let count = "select count(*) from pulse";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap()
    };
    let replica = || ReplicaId(api.services.store.ids.uuid());
    let (mut one, mut two) = ((PulseJob::default(), replica()), (PulseJob::default(), replica()));
    let pulse = &api.services.signals.pulse;
    one.0.run_once(&api.services, one.1).await.unwrap();
    two.0.run_once(&api.services, two.1).await.unwrap();
    for ms in [4, 4, 40] {
        pulse.pushed(Duration::from_millis(ms));
    }
    pulse.called(true);
    one.0.run_once(&api.services, one.1).await.unwrap();
    assert_eq!(rows().await, 0, "the minute is not over");
    clock.advance(TimeDelta::seconds(31));
    one.0.run_once(&api.services, one.1).await.unwrap();
    pulse.pushed(Duration::from_millis(400));
    pulse.called(false);
    two.0.run_once(&api.services, two.1).await.unwrap();
    assert_eq!(rows().await, 2);
    let minutes = api.get("/api/overview").await.is(200)["pulse"].clone();
    let minute = json!({ "at": "2026-11-28T12:00:00Z", "pushes": 4, "p50Ms": 5, "p95Ms": 500, "calls": 2, "failedCalls": 1 });
    assert_eq!(minutes[58], minute);
    assert_eq!((&minutes[59]["at"], &minutes[59]["pushes"]), (&json!("2026-11-28T12:01:00Z"), &json!(0)));

    // Nothing was done: nothing is written, however long it lasts.
    clock.advance(TimeDelta::seconds(29 * 60 - 1));
    one.0.run_once(&api.services, one.1).await.unwrap();
    assert_eq!(rows().await, 2);
    // A process that ends writes the minute that it is in, and adds to what is there.
    for _ in 0..2 {
        pulse.called(true);
        let mut last = PulseJob::default();
        last.run_once(&api.services, one.1).await.unwrap();
        last.finish(&api.services, one.1).await.unwrap();
    }
    let minutes = api.get("/api/overview").await.is(200)["pulse"].clone();
    assert_eq!((&minutes[59]["calls"], &minutes[29]["pushes"]), (&json!(2), &json!(4)));

    clock.advance(TimeDelta::seconds(24 * 3600 + 60));
    purge::run_once(&api.services).await.unwrap();
    assert_eq!(rows().await, 0, "after a day they are gone");
}
