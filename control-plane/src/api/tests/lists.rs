//! Lists that the caller filters and orders: every page in every order, and nothing twice or left out.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, DID};
use crate::domain::agent::AgentStatus;

/// Every value of `field`, read in pages of two.
async fn walk(api: &Api, path: &str, field: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}&limit=2{cursor}")).await.is(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| match &item[field] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }));
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return seen,
        }
    }
}

/// A cursor goes on in its own order, and in no other.
async fn keeps_its_order(api: &Api, path: &str, orders: &[&str]) {
    for order in orders {
        let first = api.get(&format!("{path}?limit=1&sort={order}")).await.is(200);
        let cursor = first["nextCursor"].as_str().unwrap();
        for other in orders {
            let answer = api.get(&format!("{path}?limit=1&sort={other}&cursor={cursor}")).await;
            if order == other {
                answer.is(200);
            } else {
                assert_eq!(answer.problem(400, "bad-query")["field"], "cursor", "{order} {other}");
            }
        }
    }
    // Not one of ours: base64url of `["name"` and of `x`.
    for forged in ["WyJuYW1lIg", "eA"] {
        let answer = api.get(&format!("{path}?sort={}&cursor={forged}", orders[0])).await;
        assert_eq!(answer.problem(400, "bad-query")["field"], "cursor");
    }
    api.get(&format!("{path}?sort=colour")).await.problem(400, "bad-query");
}

fn did(n: usize) -> String {
    format!("did:key:z6MkTest{n}")
}

#[sqlx::test(migrations = "../migrations")]
async fn agents_are_ordered_and_filtered_by_what_their_sessions_say(pool: PgPool) {
    let api = Api::new(pool.clone());
    // Two have the same name, and two were never seen.
    let names = ["delta", "Alpha", "bravo", "alpha", "charlie", "echo"];
    for (n, name) in names.iter().enumerate() {
        api.agent(&did(n), if n == 5 { AgentStatus::Pending } else { AgentStatus::Approved }).await;
        sqlx::query("update agent set name = $2, created_at = $3 where did = $1")
            .bind(did(n))
            .bind(name)
            .bind(chrono::DateTime::from_timestamp(1_000 - i64::try_from(n).unwrap(), 0).unwrap())
            .execute(&pool)
            .await
            .unwrap();
    }
    // (offered, applied, rejected): converged, behind, rejecting; 3 was connected once, 4 never, 5 waits for approval.
    for (n, connected, offered, applied, rejected) in [
        (0, true, Some("b"), Some("b"), None),
        (1, true, Some("b"), Some("a"), None),
        (2, true, Some("b"), Some("a"), Some("b")),
        (3, false, Some("b"), Some("a"), None),
        (5, true, None, None, None),
    ] {
        api.connect(&did(n)).await;
        let sql = "update agent_session set replica_id = case when $2 then replica_id end, offered_hash = $3, applied_hash = $4,
                   rejected_hash = $5, last_seen_at = $6, offered_version = 7, applied_version = 6, offered_at = now() where did = $1";
        sqlx::query(sql)
            .bind(did(n))
            .bind(connected)
            .bind(offered)
            .bind::<Option<&str>>(applied)
            .bind::<Option<&str>>(rejected)
            .bind(chrono::DateTime::from_timestamp(2_000 + i64::try_from(n).unwrap(), 0).unwrap())
            .execute(&pool)
            .await
            .unwrap();
    }
    let of = |numbers: &[usize]| numbers.iter().map(|n| did(*n)).collect::<Vec<_>>();
    for (sort, expected) in [
        ("did", [0, 1, 2, 3, 4, 5]),
        ("name", [1, 3, 2, 4, 0, 5]),
        ("-name", [5, 0, 4, 2, 1, 3]),
        ("-lastSeen", [5, 3, 2, 1, 0, 4]),
        ("-created", [0, 1, 2, 3, 4, 5]),
    ] {
        assert_eq!(walk(&api, &format!("/api/agents?sort={sort}"), "did").await, of(&expected), "{sort}");
    }
    for (live, expected) in [
        ("connected", &[0, 1, 2, 5][..]),
        ("offline", &[3, 4]),
        ("converged", &[0]),
        ("behind", &[1]),
        ("rejecting", &[2]),
    ] {
        assert_eq!(walk(&api, &format!("/api/agents?live={live}"), "did").await, of(expected), "{live}");
    }
    // One that refused it, and is to try again, has not answered.
    sqlx::query("update agent_session set retry_asked = true").execute(&pool).await.unwrap();
    assert_eq!(walk(&api, "/api/agents?live=behind", "did").await, of(&[1, 2]));
    api.post("/api/freezes", json!({ "kind": "agent", "name": did(4), "reason": "x" })).await.is(201);
    assert_eq!(walk(&api, "/api/agents?frozen=true", "did").await, of(&[4]));
    assert_eq!(
        walk(&api, "/api/agents?frozen=false&sort=name&search=A&status=approved", "did").await.len(),
        4
    );
    api.get("/api/agents?live=gone").await.problem(400, "bad-query");
    keeps_its_order(&api, "/api/agents", &["did", "name", "-name", "-lastSeen", "-created"]).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn models_and_realms_are_ordered_and_filtered(pool: PgPool) {
    let api = Api::new(pool.clone());
    for name in ["beta", "Alpha", "gamma"] {
        api.model(name).await;
    }
    let groq = json!({ "name": "Delta", "provider": "groq", "modelId": "llama", "apiKey": "gsk-0123456789" });
    api.post("/api/models", groq).await.is(201);
    for (sort, expected) in [
        ("litellmModelName", ["Delta", "Alpha", "beta", "gamma"]),
        ("name", ["Alpha", "beta", "Delta", "gamma"]),
        ("-name", ["gamma", "Delta", "beta", "Alpha"]),
        ("created", ["beta", "Alpha", "gamma", "Delta"]),
        ("-created", ["Delta", "gamma", "Alpha", "beta"]),
    ] {
        assert_eq!(walk(&api, &format!("/api/models?sort={sort}"), "name").await, expected, "{sort}");
    }
    assert_eq!(walk(&api, "/api/models?provider=Groq", "name").await, ["Delta"]);
    assert_eq!(
        walk(&api, "/api/models?provider=openai&search=a&sort=-name", "name").await,
        ["gamma", "beta", "Alpha"]
    );
    assert_eq!(api.get("/api/models?provider=nobody").await.problem(400, "bad-query")["field"], "provider");
    keeps_its_order(&api, "/api/models", &["litellmModelName", "name", "-name", "created", "-created"]).await;
    for realm in ["green", "grey"] {
        api.realm(realm).await;
        api.post("/api/models/beta/realms", json!({ "realmId": realm })).await.is(201);
    }
    api.post("/api/models/gamma/realms", json!({ "realmId": "grey" })).await.is(201);
    let body = json!({ "name": "green", "role": "realm-admin", "realmIds": ["green"] });
    let token = api.post("/api/tokens", body).await.is(201);
    let counts = async |token: Option<&str>| {
        let list = api.call_as(token, "GET", "/api/models", None, &[]).await.is(200);
        list["items"].as_array().unwrap().iter().map(|m| m["grants"].clone()).collect::<Vec<_>>()
    };
    // Delta, Alpha, beta, gamma; the admin of green sees no grant of others.
    assert_eq!(counts(Some(super::TOKEN)).await, [0, 0, 2, 1]);
    assert_eq!(counts(token["token"].as_str()).await, [0, 0, 1, 0]);
    api.delete("/api/models/gamma/realms/grey").await.is(200);
    assert_eq!(api.get("/api/models/gamma").await.is(200)["grants"], 0);
    for realm in ["green", "grey"] {
        api.delete(&format!("/api/realms/{realm}")).await.is(200);
    }

    for slug in ["b-one", "a-two", "c-three"] {
        api.realm(slug).await;
    }
    for (n, realms) in [(0, &["a-two"][..]), (1, &["a-two", "c-three"])] {
        api.agent(&did(n), AgentStatus::Pending).await;
        for realm in realms {
            api.post(&format!("/api/realms/{realm}/agents"), json!({ "did": did(n) })).await.is(201);
        }
    }
    for (sort, expected) in [
        ("slug", ["a-two", "b-one", "c-three"]),
        ("-name", ["c-three", "b-one", "a-two"]),
        ("created", ["b-one", "a-two", "c-three"]),
        ("-created", ["c-three", "a-two", "b-one"]),
        ("members", ["b-one", "c-three", "a-two"]),
        ("-members", ["a-two", "c-three", "b-one"]),
    ] {
        assert_eq!(walk(&api, &format!("/api/realms?sort={sort}"), "slug").await, expected, "{sort}");
    }
    assert_eq!(walk(&api, "/api/realms?search=TH", "slug").await, ["c-three"]);
    api.post("/api/models/beta/realms", json!({ "realmId": "a-two" })).await.is(201);
    api.post("/api/models/beta/realms", json!({ "realmId": "b-one" })).await.is(201);
    api.delete("/api/models/beta/realms/b-one").await.is(200);
    assert_eq!(walk(&api, "/api/realms?granted=true", "slug").await, ["a-two"]);
    assert_eq!(walk(&api, "/api/realms?granted=false", "slug").await, ["b-one", "c-three"]);
    api.post("/api/freezes", json!({ "kind": "realm", "name": "b-one", "reason": "test" })).await.is(201);
    assert_eq!(walk(&api, "/api/realms?frozen=true", "slug").await, ["b-one"]);
    assert_eq!(walk(&api, "/api/realms?frozen=false&sort=-name", "slug").await, ["c-three", "a-two"]);
    assert_eq!(walk(&api, "/api/realms?frozen=true&granted=true", "slug").await, [""; 0]);
    api.proxy("eu").await;
    api.pretend_reconciled().await;
    assert_eq!(walk(&api, "/api/models?applied=false", "name").await, [""; 0]);
    api.patch("/api/models/beta", json!({ "status": "inactive" })).await.is(200);
    assert_eq!(walk(&api, "/api/models?applied=false", "name").await, ["beta"]);
    assert_eq!(walk(&api, "/api/models?applied=true&sort=name", "name").await, ["Alpha", "Delta", "gamma"]);
    let orders = ["slug", "name", "-name", "created", "-created", "members", "-members"];
    keeps_its_order(&api, "/api/realms", &orders).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn changes_are_filtered_and_say_how_far_they_are(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.proxy("eu").await;
    api.model("one").await;
    let red = api.realm("red").await;
    api.realm("blue").await;
    api.agent(DID, AgentStatus::Approved).await;
    api.pretend_reconciled().await;
    let grant = api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.revision();
    api.post("/api/models/one/realms", json!({ "realmId": "blue" })).await.is(201);
    let of = |list: Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|c| c["revision"].as_i64().unwrap()).collect()
    };
    let all = api.get("/api/changes").await.is(200);
    assert_eq!(of(api.get("/api/changes?kind=grant").await.is(200)), [grant + 1, grant]);
    for realm in ["red", red["id"].as_str().unwrap()] {
        let found = of(api.get(&format!("/api/changes?kind=grant&realmId={realm}")).await.is(200));
        assert_eq!(found, [grant]);
    }
    assert_eq!(api.get("/api/changes?realmId=green").await.problem(422, "invalid")["field"], "realmId");
    assert_eq!(of(api.get("/api/changes?actor=admin").await.is(200)), of(all.clone()));
    assert_eq!(of(api.get("/api/changes?actor=nobody").await.is(200)), [0_i64; 0]);
    api.get("/api/changes?state=closed").await.problem(400, "bad-query");
    // All but a kind, over as many pages as it takes; whoever sees one realm has no more of it than its own.
    let rest: Vec<String> = of(all.clone()).iter().filter(|r| **r < grant).map(i64::to_string).collect();
    assert_eq!(walk(&api, "/api/changes?notKind=grant", "revision").await, rest);
    assert_eq!(of(api.get("/api/changes?kind=grant&notKind=grant").await.is(200)), [0_i64; 0]);
    let body = json!({ "name": "red", "role": "realm-viewer", "realmIds": ["red"] });
    let token = api.post("/api/tokens", body).await.is(201);
    let seen = |query| api.call_as(token["token"].as_str(), "GET", query, None, &[]);
    assert_eq!(of(seen("/api/changes?notKind=realm.create").await.is(200)), [grant]);
    assert_eq!(of(seen("/api/changes?notKind=grant").await.is(200)), [0_i64; 0]);
    assert_eq!(walk(&api, "/api/changes?kind=grant", "state").await, ["pending", "pending"]);
    assert_eq!(of(api.get("/api/changes?state=open").await.is(200)), [grant + 1, grant]);
    let item = &all["items"][0];
    assert_eq!(
        (&item["proxiesPending"], &item["proxiesFailed"], &item["agentsPending"]),
        (&json!(1), &json!(0), &json!(0))
    );

    // One part of the newest is given up.
    let park = "update work set parked_code = 'x', parked_reason = 'x' where kind = 'team' and wanted_generation = $1";
    sqlx::query(park).bind(grant + 1).execute(&pool).await.unwrap();
    assert_eq!(walk(&api, "/api/changes?state=open", "state").await, ["failed", "pending"]);
    api.pretend_reconciled().await;
    assert_eq!(of(api.get("/api/changes?state=open").await.is(200)), [0_i64; 0]);
    assert_eq!(walk(&api, "/api/changes?kind=grant", "state").await, ["converged", "converged"]);

    // An agent of red was offered the newest document, and has not said anything.
    api.post("/api/realms/red/agents", json!({ "did": DID })).await.is(201);
    api.pretend_reconciled().await;
    let joined = of(api.get("/api/changes?limit=1").await.is(200))[0];
    api.connect(DID).await;
    let offer = "update agent_session set offered_version = $1, offered_hash = 'b', offered_at = now(), applied_version = $2, applied_hash = 'a'";
    sqlx::query(offer).bind(joined).bind(grant - 1).execute(&pool).await.unwrap();
    let open = api.get("/api/changes?state=open").await.is(200);
    assert_eq!(of(open.clone()), [joined, grant], "not what blue got, and not what it had before");
    assert_eq!(
        (&open["items"][0]["agentsPending"], &open["items"][0]["state"]),
        (&json!(1), &json!("pending"))
    );
    sqlx::query("update agent_session set applied_hash = 'b'").execute(&pool).await.unwrap();
    assert_eq!(of(api.get("/api/changes?state=open").await.is(200)), [0_i64; 0]);
}

/// What happened is read from either end, and an export is in the order that was asked for.
#[sqlx::test(migrations = "../migrations")]
async fn logs_are_read_from_either_end(pool: PgPool) {
    let api = Api::new(pool);
    for slug in ["red", "blue", "green"] {
        api.realm(slug).await;
    }
    for (path, number) in [("/api/changes", "revision"), ("/api/audit", "seq")] {
        let newest = walk(&api, &format!("{path}?sort=-at"), number).await;
        assert!(newest.len() >= 3, "{newest:?}");
        assert_eq!(walk(&api, &format!("{path}?"), number).await, newest);
        let oldest: Vec<String> = newest.into_iter().rev().collect();
        assert_eq!(walk(&api, &format!("{path}?sort=at"), number).await, oldest);
        keeps_its_order(&api, path, &["-at", "at"]).await;
        // In its form one of ours.
        let forged = BASE64_URL_SAFE_NO_PAD.encode(r#"["at",true,"x","x"]"#);
        let answer = api.get(&format!("{path}?cursor={forged}")).await;
        assert_eq!(answer.problem(422, "invalid")["field"], "cursor");
    }
    let mut first = Vec::new();
    for sort in ["at", "-at"] {
        let export = api.get(&format!("/api/audit?format=ndjson&sort={sort}&action=realm.create")).await;
        let row: Value = serde_json::from_str(export.text.lines().next().unwrap()).unwrap();
        first.push(row["seq"].as_i64().unwrap());
    }
    assert_eq!(first[1] - first[0], 2);
}
