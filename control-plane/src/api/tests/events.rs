//! The stream of events: whole, in order, for those who may see it, and no longer than they may.

use std::time::Duration;

use axum::{body::Body, http::Request};
use chrono::TimeDelta;
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tower::ServiceExt as _;

use super::{Api, DID, TOKEN};
use crate::{
    base::clock::Clock,
    domain::agent::AgentStatus,
    feed::FeedOptions,
    store::sessions::{self, Offer, Report},
};

const BLUE_DID: &str = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
/// Longest that a test waits for what must come.
const LONG: Duration = Duration::from_secs(20);

fn quick() -> FeedOptions {
    FeedOptions {
        poll: Duration::from_millis(50),
        pause: Duration::from_millis(5),
        recheck: Duration::from_millis(40),
        keep_alive: Duration::from_secs(2),
        ..FeedOptions::default()
    }
}

async fn installed(pool: &PgPool) -> Api {
    let api = Api::with_feed(pool.clone(), Clock::default(), quick());
    api.install().await;
    api
}

#[derive(Debug, PartialEq)]
struct Seen {
    name: String,
    id: Option<i64>,
    data: Value,
}

struct Stream {
    body: Body,
    /// Received, and not read yet.
    text: String,
    /// Everything that was received.
    all: String,
}

impl Api {
    async fn events(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Stream {
        let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        Stream { body: response.into_body(), text: String::new(), all: String::new() }
    }

    /// A new token with a role.
    async fn token(&self, name: &str, role: &str, realms: &[&str]) -> String {
        let mut body = json!({ "name": name, "role": role });
        if !realms.is_empty() {
            body["realmIds"] = json!(realms);
        }
        self.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned()
    }

    async fn member(&self, realm: &str, did: &str) {
        self.agent(did, AgentStatus::Approved).await;
        self.post(&format!("/api/realms/{realm}/agents"), json!({ "did": did })).await.is(201);
    }

    async fn offer(&self, did: &str, version: i64, hash: &str) {
        let offer =
            Offer { did: did.to_owned(), version, hash: hash.to_owned(), realm_id: None, model_id: None };
        let mut conn = self.services.store.conn().await.unwrap();
        let recorded = sessions::offer(&mut conn, &[offer], self.services.store.clock.now()).await.unwrap();
        assert_eq!(recorded, [did]);
    }

    async fn acknowledge(&self, did: &str, epoch: i64, version: i64, hash: &str) {
        let report = Report {
            did: did.to_owned(),
            epoch,
            seen_at: self.services.store.clock.now(),
            agent_version: None,
            applied: Some((version, hash.to_owned(), None)),
            rejected: None,
        };
        let mut conn = self.services.store.conn().await.unwrap();
        assert_eq!(sessions::record(&mut conn, &[report]).await.unwrap(), 1);
    }

    async fn head(&self) -> i64 {
        sqlx::query_scalar("select revision from head").fetch_one(&self.services.store.pool).await.unwrap()
    }
}

impl Stream {
    /// The next event; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let frame =
                tokio::time::timeout(LONG, self.body.frame()).await.expect("something comes in time")?;
            let piece = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
            self.text.push_str(&piece);
            self.all.push_str(&piece);
        }
    }

    async fn next(&mut self) -> Option<Seen> {
        let block = self.block().await?;
        let field = |name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        Some(Seen {
            name: field("event").unwrap(),
            id: field("id").map(|id| id.parse().unwrap()),
            data: serde_json::from_str(&field("data").unwrap()).unwrap(),
        })
    }

    /// The next event but `alive`, which comes where the machine is slow.
    async fn news(&mut self) -> Option<Seen> {
        loop {
            let event = self.next().await;
            if event.as_ref().is_none_or(|event| event.name != "alive") {
                return event;
            }
        }
    }

    /// The next event of this name that fits; others are passed over.
    async fn until(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = tokio::time::Instant::now() + LONG;
        loop {
            assert!(tokio::time::Instant::now() < until, "{name} did not come in time: {}", self.all);
            let event = self.next().await.unwrap_or_else(|| panic!("it ended without {name}: {}", self.all));
            if event.name == name && fits(&event.data) {
                return event.data;
            }
        }
    }

    async fn hello(&mut self) -> i64 {
        let event = self.news().await.unwrap();
        assert_eq!((event.name.as_str(), event.id), ("hello", event.data["revision"].as_i64()));
        event.id.unwrap()
    }

    /// Revisions of the changes up to this one.
    async fn changes(&mut self, upto: i64) -> Vec<i64> {
        let mut seen = Vec::new();
        while seen.last() != Some(&upto) {
            let event = self.next().await.unwrap();
            if event.name == "change" {
                assert_eq!(event.id, event.data["revision"].as_i64());
                seen.extend(event.id);
            }
        }
        seen
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn changes_of_every_replica_come_in_order_none_left_out_none_twice(pool: PgPool) {
    let here = installed(&pool).await;
    // Its signals are its own: what it does is known here from the database alone.
    let there = Api::new(pool.clone());
    let mut early = here.events(TOKEN, "/api/events", &[]).await;
    let start = early.hello().await;
    let names: Vec<String> = (0..60).map(|n| format!("r{n}")).collect();
    let (first, rest) = names.split_at(20);
    join_all(first.iter().map(|name| here.realm(name))).await;
    // In the middle of it, one more begins.
    let (mut late, ..) = tokio::join!(
        here.events(TOKEN, "/api/events", &[]),
        join_all(rest.iter().step_by(2).map(|name| here.realm(name))),
        join_all(rest.iter().skip(1).step_by(2).map(|name| there.realm(name))),
    );
    let head = here.head().await;
    assert_eq!(early.changes(head).await, (start + 1..=head).collect::<Vec<_>>());
    let middle = late.hello().await;
    if middle < head {
        assert_eq!(late.changes(head).await, (middle + 1..=head).collect::<Vec<_>>());
    }
    let realm = there.patch("/api/realms/r0", json!({ "placement": [{ "region": "eu" }] })).await.is(200);
    let change = early.until("change", |_| true).await;
    assert_eq!((&change["kind"], &change["actor"]), (&json!("realm.update"), &json!("admin")));
    assert_eq!((&change["realmIds"], &change["everyone"]), (&json!([realm["id"]]), &json!(false)));
    assert_eq!(late.changes(head + 1).await, [head + 1]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_is_resumed_where_it_broke_off(pool: PgPool) {
    let here = installed(&pool).await;
    for name in ["a", "b", "c", "d"] {
        here.realm(name).await;
    }
    let head = here.head().await;
    let (two, one) = ((head - 2).to_string(), head - 1);
    let query = format!("/api/events?lastEventId={one}");
    for (path, headers, from) in [
        ("/api/events", vec![("last-event-id", two.as_str())], head - 2),
        (query.as_str(), vec![], one),
        // A browser repeats the query, and says in the header where it really is.
        (query.as_str(), vec![("last-event-id", two.as_str())], head - 2),
    ] {
        let mut stream = here.events(TOKEN, path, &headers).await;
        assert_eq!(stream.hello().await, from);
        assert_eq!(stream.changes(head).await, (from + 1..=head).collect::<Vec<_>>());
    }
    for id in ["x", "-1", ""] {
        here.call("GET", "/api/events", None, &[("last-event-id", id)])
            .await
            .problem(400, "bad-last-event-id");
    }
    here.get("/api/events?lastEventId=x").await.problem(400, "bad-query");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_cannot_resume_is_told_to_read_everything_again(pool: PgPool) {
    let here = installed(&pool).await;
    here.realm("a").await;
    let head = here.head().await;
    let mut ahead = here.events(TOKEN, &format!("/api/events?lastEventId={}", head + 1), &[]).await;
    assert_eq!(ahead.hello().await, head);
    let reset = ahead.news().await.unwrap();
    assert_eq!((reset.name.as_str(), reset.id), ("reset", Some(head)));
    assert_eq!(reset.data, json!({ "reason": "ahead", "revision": head }));

    sqlx::query(
        "insert into change (revision, at, kind, actor)
         select n, now(), 'filler', 'test' from generate_series($1::bigint, $1 + 1000) n",
    )
    .bind(head + 1)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("update head set revision = revision + 1001").execute(&pool).await.unwrap();
    let mut behind = here.events(TOKEN, &format!("/api/events?lastEventId={head}"), &[]).await;
    assert_eq!(behind.hello().await, head + 1001);
    assert_eq!(behind.news().await.unwrap().data, json!({ "reason": "behind", "revision": head + 1001 }));
    // One less is not too many.
    let mut resumed = here.events(TOKEN, &format!("/api/events?lastEventId={}", head + 1), &[]).await;
    assert_eq!(resumed.hello().await, head + 1);
    assert_eq!(resumed.changes(head + 1001).await.len(), 1000);
    // The feed has read them all, too: this one has them from its looks.
    ahead.changes(head + 1001).await;
    // A backup is put back under the running process.
    sqlx::query("delete from change where kind = 'filler'").execute(&pool).await.unwrap();
    sqlx::query("update head set revision = $1").bind(head).execute(&pool).await.unwrap();
    let reset = resumed.until("reset", |_| true).await;
    assert_eq!(reset, json!({ "reason": "ahead", "revision": head }));
    here.realm("b").await;
    assert_eq!(resumed.changes(head + 1).await, [head + 1]);
}

#[sqlx::test(migrations = "../migrations")]
async fn each_caller_sees_what_is_its_own_to_see(pool: PgPool) {
    let here = installed(&pool).await;
    let api = &here;
    api.proxy("eu-proxy").await;
    api.model("one").await;
    let mut ids = Vec::new();
    for (realm, did) in [("red", DID), ("blue", BLUE_DID)] {
        ids.push(api.realm(realm).await["id"].as_str().unwrap().to_owned());
        api.member(realm, did).await;
    }
    let viewer = api.token("viewer", "realm-viewer", &["red"]).await;
    let operator = api.token("operator", "operator", &[]).await;
    // Without `changes:read` or `agents:read` anywhere, and without `proxies:read`.
    let body = json!({ "name": "bare", "permissions": ["credentials:read"] });
    let bare = api.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned();
    let mut streams = Vec::new();
    for token in [&viewer, &operator, &bare] {
        let mut stream = api.events(token, "/api/events", &[]).await;
        stream.hello().await;
        streams.push(stream);
    }
    let [mut red, mut all, mut nothing]: [Stream; 3] = streams.try_into().ok().unwrap();
    // Everything there is to tell of blue and of the fleet, and then of red.
    for (realm, did, hash) in [("blue", BLUE_DID, "hash-b"), ("red", DID, "hash-r")] {
        api.post("/api/models/one/realms", json!({ "realmId": realm })).await.is(201);
        let epoch = api.connect(did).await;
        api.offer(did, 1_000, hash).await;
        api.acknowledge(did, epoch, 1_000, hash).await;
        api.patch(
            "/api/proxies/eu-proxy",
            json!({ "state": if realm == "blue" { "draining" } else { "active" } }),
        )
        .await
        .is(200);
        all.until("agent", |e| e["did"] == did && e["progress"] == "applied").await;
        all.until("proxy", |e| e["name"] == "eu-proxy").await;
    }
    // No relay is there to tell agents of the grant, so they are away when the proxies have it.
    sqlx::query("update agent_session set replica_id = null, disconnected_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    api.pretend_reconciled().await;
    red.until("agent", |e| e["did"] == DID && e["progress"] == "applied").await;
    let grant = api.get("/api/changes").await.is(200)["items"].clone();
    let of_red = grant.as_array().unwrap().iter().find(|c| c["kind"] == "grant").unwrap()["revision"].clone();
    red.until("receipt", |e| e["revision"] == of_red && e["state"] == "converged").await;
    all.until("receipt", |e| e["revision"] == of_red && e["state"] == "converged").await;
    assert!(red.all.contains("event: change") && red.all.contains(&ids[0]), "{}", red.all);
    for hidden in ["blue", &ids[1], BLUE_DID, "eu-proxy", "event: proxy"] {
        assert!(!red.all.contains(hidden), "a viewer of red is told {hidden}: {}", red.all);
        assert!(all.all.contains(hidden) || hidden == "blue", "{hidden} is nothing to tell: {}", all.all);
    }
    // It gets nothing at all, its own changes and the end excepted.
    let id = api.get("/api/tokens/bare").await.is(200)["id"].as_str().unwrap().to_owned();
    api.delete(&format!("/api/tokens/{id}")).await.is(200);
    let last = nothing.news().await.unwrap();
    assert_eq!((last.name.as_str(), last.data), ("ended", json!({ "code": "bad-token" })));
    assert_eq!(nothing.news().await, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_agents_steps_are_told_wherever_it_is_connected(pool: PgPool) {
    let here = installed(&pool).await;
    let there = Api::new(pool.clone());
    here.realm("red").await;
    there.member("red", DID).await;
    let mut stream = here.events(TOKEN, "/api/events", &[]).await;
    stream.hello().await;
    let epoch = there.connect(DID).await;
    let event = stream.until("agent", |e| e["connected"] == true).await;
    assert_eq!(
        event,
        json!({ "did": DID, "name": "worker", "status": "approved", "connected": true, "progress": "pending",
            "runningVersion": null, "wantedVersion": null })
    );
    there.offer(DID, 7, "h7").await;
    let event = stream.until("agent", |_| true).await;
    assert_eq!((&event["progress"], &event["wantedVersion"]), (&json!("pending"), &json!(7)));
    there.acknowledge(DID, epoch, 7, "h7").await;
    let event = stream.until("agent", |_| true).await;
    assert_eq!((&event["progress"], &event["runningVersion"]), (&json!("applied"), &json!(7)));
    there.offer(DID, 8, "h8").await;
    let rejection = sessions::Rejection {
        version: 8,
        hash: "h8".to_owned(),
        code: "bad".to_owned(),
        message: "no".to_owned(),
        field: None,
    };
    let report = Report {
        did: DID.to_owned(),
        epoch,
        seen_at: there.services.store.clock.now(),
        agent_version: None,
        applied: None,
        rejected: Some(rejection),
    };
    let mut conn = there.services.store.conn().await.unwrap();
    sessions::record(&mut conn, &[report]).await.unwrap();
    stream.until("agent", |e| e["progress"] == "rejected" && e["runningVersion"] == 7).await;
    sessions::close(&mut conn, DID, epoch, there.services.store.clock.now()).await.unwrap();
    drop(conn);
    stream.until("agent", |e| e["connected"] == false && e["progress"] == "offline").await;
    there.post(&format!("/api/agents/{DID}/revoke"), json!({})).await.is(200);
    stream.until("agent", |e| e["status"] == "revoked").await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_receipt_is_told_until_it_ends(pool: PgPool) {
    let here = installed(&pool).await;
    let api = &here;
    api.proxy("eu").await;
    api.model("one").await;
    api.realm("red").await;
    api.member("red", DID).await;
    api.pretend_reconciled().await;
    let mut stream = api.events(TOKEN, "/api/events", &[]).await;
    stream.hello().await;
    let revision = api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.revision();
    let mine = |e: &Value| e["revision"] == revision;
    let pending =
        json!({ "revision": revision, "state": "pending", "proxiesPending": 1, "agentsPending": 0 });
    assert_eq!(stream.until("receipt", mine).await, pending);
    sqlx::query("update work set parked_code = 'x', parked_reason = 'y'").execute(&pool).await.unwrap();
    let failed = json!({ "revision": revision, "state": "failed", "proxiesPending": 0, "agentsPending": 0 });
    assert_eq!(stream.until("receipt", mine).await, failed);
    // An agent that was offered nothing yet is on its way, too.
    api.connect(DID).await;
    stream.until("agent", |e| e["connected"] == true).await;
    api.pretend_reconciled().await;
    let pending =
        json!({ "revision": revision, "state": "pending", "proxiesPending": 0, "agentsPending": 1 });
    stream.until("receipt", |e| *e == pending).await;
    sqlx::query("update agent_session set replica_id = null, disconnected_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(stream.until("receipt", mine).await["state"], "converged");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_crowd_of_agents_is_counted_and_not_named(pool: PgPool) {
    let here = installed(&pool).await;
    let api = &here;
    let realm = api.realm("red").await["id"].as_str().unwrap().to_owned();
    let viewer = api.token("viewer", "realm-viewer", &["red"]).await;
    let mut all = api.events(TOKEN, "/api/events", &[]).await;
    let mut red = api.events(&viewer, "/api/events", &[]).await;
    all.hello().await;
    red.hello().await;
    let mut tx = pool.begin().await.unwrap();
    for sql in [
        "insert into agent (did, name, status, created_at, updated_at)
         select 'did:key:z' || n, 'crowd', 'approved', now(), now() from generate_series(1, 600) n",
        "insert into agent_session (did, replica_id, connected_at)
         select did, gen_random_uuid(), now() from agent",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    sqlx::query(
        "insert into realm_agent (realm_id, did, joined_at) select $1::uuid, did, now() from agent limit 250",
    )
    .bind(uuid::Uuid::parse_str(&realm).unwrap())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(all.until("agents", |_| true).await, json!({ "count": 600 }));
    assert_eq!(red.until("agents", |_| true).await, json!({ "count": 250 }));
    assert!(!all.all.contains("did:key:z"), "{}", all.all);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_ends_with_the_session_and_follows_its_roles(pool: PgPool) {
    let here = installed(&pool).await;
    let api = &here;
    api.proxy("eu").await;
    let made =
        api.post("/api/people", json!({ "email": "ada@example.org", "roles": [{ "role": "auditor" }] }));
    let made = made.await.is(201);
    let link = made["link"].as_str().unwrap().split_once("/setup#").unwrap().1.to_owned();
    let body = json!({ "token": link, "password": "correct horse battery staple" });
    let cookie = api.from("192.0.2.1", "POST", "/api/auth/setup", Some(body), &[]).await.header("set-cookie");
    let secret = cookie.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    let mut stream = api.events(&secret, "/api/events", &[]).await;
    stream.hello().await;
    api.patch("/api/proxies/eu", json!({ "state": "draining" })).await.is(200);
    stream.until("proxy", |e| e["state"] == "draining").await;
    api.realm("red").await;
    let roles = json!({ "roles": [{ "role": "realm-viewer", "realmId": "red" }] });
    api.patch("/api/people/ada@example.org", roles).await.is(200);
    // Within the time of a look at the caller, realms other than red are no longer told.
    let mut told = true;
    for n in 0..100 {
        api.realm(&format!("other-{n}")).await;
        let revision =
            api.patch("/api/realms/red", json!({ "placement": [{ "n": n.to_string() }] })).await.revision();
        let mut others = false;
        loop {
            let event = stream.next().await.unwrap();
            others |= event.name == "change" && event.data["kind"] == "realm.create";
            if event.id == Some(revision) {
                break;
            }
        }
        told = others;
        if !told {
            break;
        }
    }
    assert!(!told, "a role that was taken away still counts");
    api.delete("/api/people/ada@example.org/sessions").await.is(200);
    let ended = stream.until("ended", |_| true).await;
    assert_eq!(ended, json!({ "code": "bad-token" }));
    assert_eq!(stream.news().await, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn open_streams_end_at_once_when_the_process_stops(pool: PgPool) {
    let options = FeedOptions { recheck: Duration::from_mins(10), ..quick() };
    let here = Api::with_feed(pool.clone(), Clock::default(), options);
    here.install().await;
    let mut stream = here.events(TOKEN, "/api/events", &[]).await;
    stream.hello().await;
    here.ready.send_replace(false);
    assert_eq!(stream.news().await, None);
    // The feed's task, too.
    here.life.stop();
    here.life.run(LONG).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn who_does_not_keep_up_is_told_so(pool: PgPool) {
    let here = Api::with_feed(pool.clone(), Clock::default(), FeedOptions { ring: 2, ..quick() });
    here.install().await;
    let mut slow = here.events(TOKEN, "/api/events", &[]).await;
    slow.hello().await;
    let mut keen = here.events(TOKEN, "/api/events", &[]).await;
    keen.hello().await;
    let mut head = 0;
    for n in 0..8 {
        here.realm(&format!("r{n}")).await;
        head = here.head().await;
        // Seen by one, so it was a look of its own.
        keen.changes(head).await;
    }
    let reset = slow.until("reset", |_| true).await;
    assert_eq!(reset, json!({ "reason": "slow", "revision": head }));
    here.realm("after").await;
    assert_eq!(slow.changes(head + 1).await, [head + 1]);
}

#[sqlx::test(migrations = "../migrations")]
async fn while_nothing_happens_nothing_is_sent_and_nothing_is_written(pool: PgPool) {
    let clock = Clock::fixed(Clock::default().now());
    let writer = Api::at(pool.clone(), clock.clone());
    writer.install().await;
    let token = writer.token("ci", "auditor", &[]).await;
    // Opening the stream is a use of the token, which was noted just now.
    writer.call_as(Some(&token), "GET", "/api/me", None, &[]).await.is(200);
    let used = "select last_used_at::text from api_token";
    let before: String = sqlx::query_scalar(used).fetch_one(&pool).await.unwrap();
    let options = (*pool.connect_options()).clone().options([("default_transaction_read_only", "on")]);
    let reading = PgPoolOptions::new().max_connections(5).connect_with(options).await.unwrap();
    let keep_alive = Duration::from_millis(60);
    let here = Api::with_feed(reading, clock.clone(), FeedOptions { keep_alive, ..quick() });
    let mut stream = here.events(&token, "/api/events", &[]).await;
    stream.hello().await;
    // Long enough that a request would be noted as a use again.
    clock.advance(TimeDelta::minutes(10));
    for _ in 0..10 {
        assert_eq!(
            stream.next().await.unwrap(),
            Seen { name: "alive".to_owned(), id: None, data: json!({}) }
        );
    }
    let after: String = sqlx::query_scalar(used).fetch_one(&pool).await.unwrap();
    assert_eq!(after, before, "a stream that is held open is no use of its token");
    writer.realm("red").await;
    stream.until("change", |e| e["kind"] == "realm.create").await;
}

/// What is no revision, told to those who may read it: that a person was made, or that somebody was refused.
#[sqlx::test(migrations = "../migrations")]
async fn what_only_the_audit_record_knows_is_told_by_kind(pool: PgPool) {
    let here = installed(&pool).await;
    here.realm("red").await;
    let auditor = here.token("auditor", "auditor", &[]).await;
    let ruler = here.token("ruler", "realm-admin", &["red"]).await;
    let viewer = here.token("viewer", "realm-viewer", &["red"]).await;
    let mut all = here.events(&auditor, "/api/events", &[]).await;
    let mut some = here.events(&ruler, "/api/events", &[]).await;
    let mut none = here.events(&viewer, "/api/events", &[]).await;
    for stream in [&mut all, &mut some, &mut none] {
        stream.hello().await;
    }
    let grace = json!({ "email": "grace@example.com", "name": "Grace", "roles": [{ "role": "operator" }] });
    here.post("/api/people", grace).await.is(201);
    let seq: i64 =
        sqlx::query_scalar("select audit_seq from head").fetch_one(&here.services.store.pool).await.unwrap();
    let told = all.until("audit", |e| e["seq"] == seq).await;
    assert_eq!(told["kinds"], json!(["person"]));
    here.call_as(Some(&viewer), "GET", "/api/people", None, &[]).await.is(403);
    all.until("audit", |e| e["seq"].as_i64() > Some(seq)).await;
    // A realm's admin hears of tokens, without a number that would count what others do.
    here.token("ci", "realm-member", &["red"]).await;
    let told = some.until("audit", |_| true).await;
    assert_eq!(told, json!({ "seq": null, "kinds": ["token"] }));
    // Everything that came to the third one before something of its realm changed.
    let model = here.model("last").await["id"].as_str().unwrap().to_owned();
    here.post(&format!("/api/models/{model}/realms"), json!({ "realmId": "red" })).await.is(201);
    none.until("change", |e| e["kind"] == "grant").await;
    assert!(!none.all.contains("event: audit"), "{}", none.all);
}

/// Its page would go on to show what it may not see any more, or never show what it now may.
#[sqlx::test(migrations = "../migrations")]
async fn who_may_see_something_else_reads_everything_again(pool: PgPool) {
    let here = installed(&pool).await;
    let made = here.post("/api/tokens", json!({ "name": "ci", "role": "auditor" })).await.is(201);
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    let mut stream = here.events(token, "/api/events", &[]).await;
    stream.hello().await;
    let fewer = "update api_token set role = 'operator' where id::text = $1";
    sqlx::query(fewer).bind(id).execute(&pool).await.unwrap();
    let reset = stream.until("reset", |_| true).await;
    assert_eq!(reset, json!({ "reason": "rights", "revision": here.head().await }));
    here.realm("after").await;
    stream.until("change", |e| e["kind"] == "realm.create").await;
    assert_eq!(stream.all.matches("event: reset").count(), 1, "{}", stream.all);
}

#[sqlx::test(migrations = "../migrations")]
async fn one_caller_does_not_take_all_streams(pool: PgPool) {
    let here =
        Api::with_feed(pool.clone(), Clock::default(), FeedOptions { per_caller: 2, in_all: 3, ..quick() });
    here.install().await;
    let other = here.token("ci", "auditor", &[]).await;
    let first = here.events(TOKEN, "/api/events", &[]).await;
    let _second = here.events(TOKEN, "/api/events", &[]).await;
    let refused = here.get("/api/events").await;
    assert_eq!(refused.header("retry-after"), "15");
    refused.problem(429, "too-many-streams");
    let _third = here.events(&other, "/api/events", &[]).await;
    here.call_as(Some(&other), "GET", "/api/events", None, &[]).await.problem(429, "too-many-streams");
    drop(first);
    here.events(TOKEN, "/api/events", &[]).await.hello().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_feed_goes_on_after_an_outage_of_the_database(pool: PgPool) {
    let here = installed(&pool).await;
    let mut stream = here.events(TOKEN, "/api/events", &[]).await;
    let start = stream.hello().await;
    here.realm("before").await;
    assert_eq!(stream.changes(start + 1).await, [start + 1]);
    stream.until("receipt", |e| e["state"] == "converged").await;
    // Nothing can be read for a while: looks fail, and so do looks at the caller.
    sqlx::query("alter table change rename to change_away").execute(&pool).await.unwrap();
    let change = stream.until("change", |_| true);
    let stuck = tokio::time::timeout(Duration::from_millis(500), change).await;
    assert!(stuck.is_err(), "{stuck:?}");
    sqlx::query("alter table change_away rename to change").execute(&pool).await.unwrap();
    for name in ["b", "c", "d"] {
        here.realm(name).await;
    }
    assert_eq!(stream.changes(start + 4).await, [start + 2, start + 3, start + 4]);
}
