//! People, their sessions and tokens, and those who have stolen one.

use chrono::{DateTime, TimeDelta};

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Answer, Api, TOKEN};
use crate::{
    api::authz::OPERATIONS,
    base::clock::Clock,
    domain::agent::AgentStatus,
    push::testing::TestKey,
    service::sign_in,
    store::{self, desired::realm_key_at},
};

const PASSWORD: &str = "correct horse battery staple";
const HERE: &str = "192.0.2.1";

/// The cookie of an answer that opened a session.
#[track_caller]
fn cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

impl Api {
    /// The first owner, by the link that is printed at the first start.
    async fn owner(&self) -> String {
        let link = sign_in::first_link(&self.services, false).await.unwrap().unwrap();
        let body = json!({ "token": link.secret.expose(), "password": PASSWORD, "email": "Ada@Example.org", "name": "Ada" });
        cookie(&self.from(HERE, "POST", "/api/auth/setup", Some(body), &[]).await)
    }

    async fn login(&self, address: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.from(address, "POST", "/api/auth/login", Some(body), &[]).await
    }

    async fn with(&self, cookie: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.from(HERE, method, path, body, &[("cookie", cookie)]).await
    }

    /// Somebody with these roles, signed in.
    async fn person(&self, email: &str, roles: Value) -> String {
        let made = self.post("/api/people", json!({ "email": email, "roles": roles })).await.is(201);
        let token = made["link"].as_str().unwrap().split_once("/setup#").unwrap().1;
        let body = json!({ "token": token, "password": PASSWORD });
        cookie(&self.from(HERE, "POST", "/api/auth/setup", Some(body), &[]).await)
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_first_link_makes_one_owner_once(pool: PgPool) {
    let api = Api::new(pool);
    let link = sign_in::first_link(&api.services, false).await.unwrap().unwrap();
    assert!(sign_in::first_link(&api.services, false).await.unwrap().is_none(), "another replica starts");
    let url = link.url("https://reeve.example");
    let token = url.strip_prefix("https://reeve.example/setup#").unwrap();
    let set_up = |body| api.from(HERE, "POST", "/api/auth/setup", Some(body), &[]);
    let refused = set_up(json!({ "token": token, "password": "short", "email": "ada@example.org" })).await;
    assert_eq!(refused.problem(422, "invalid")["field"], "password");
    let refused = set_up(json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(refused.problem(422, "invalid")["field"], "email");
    let done = set_up(json!({ "token": token, "password": PASSWORD, "email": " Ada@Example.org" })).await;
    let set_cookie = done.header("set-cookie");
    for part in ["reeve_session=reeve_ses_", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set_cookie.contains(part), "{set_cookie}");
    }
    let me = api.with(&cookie(&done), "GET", "/api/me", None).await.is(200);
    assert_eq!(
        (&me["actor"], &me["person"]["roles"][0]["role"], &me["person"]["passwordSet"]),
        (&json!("person:ada@example.org"), &json!("owner"), &json!(true))
    );
    set_up(json!({ "token": token, "password": PASSWORD, "email": "eve@example.org" }))
        .await
        .problem(401, "bad-link");
    assert!(sign_in::first_link(&api.services, false).await.unwrap().is_none(), "there is somebody");
    let audit = api.get("/api/audit?action=session.open").await.is(200);
    let row = &audit["items"][0];
    assert_eq!((&row["auth"], &row["address"]), (&json!("sign-in-link"), &json!(HERE)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stolen_cookie_is_worth_nothing_after_logout(pool: PgPool) {
    let api = Api::new(pool);
    let stolen = api.owner().await;
    let other = cookie(&api.login(HERE, "ADA@example.org", PASSWORD).await);
    let list = api.with(&other, "GET", "/api/me/sessions", None).await.is(200);
    let sessions = list["items"].as_array().unwrap();
    assert_eq!(
        sessions.iter().map(|s| s["current"].clone()).collect::<Vec<_>>(),
        [json!(true), json!(false)]
    );
    assert_eq!(sessions[0]["address"], HERE);
    // Whoever rules people sees them, too; to a token none of them is the one that asks.
    let seen = api.get("/api/people/ada@example.org/sessions").await.is(200);
    let mut here = sessions.clone();
    here[0]["current"] = json!(false);
    assert_eq!(seen["items"], json!(here));
    let out = api.with(&stolen, "POST", "/api/auth/logout", None).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
    for path in ["/api/me", "/api/realms", "/api/me/sessions"] {
        api.with(&stolen, "GET", path, None).await.problem(401, "session-ended");
    }
    // Not as a token either.
    let secret = stolen.split_once('=').unwrap().1;
    api.call_as(Some(secret), "GET", "/api/me", None, &[]).await.problem(401, "bad-token");
    let secret = other.split_once('=').unwrap().1;
    api.call_as(Some(secret), "GET", "/api/me", None, &[]).await.is(200);
    // All others at once; the audit has it when there were any.
    let third = cookie(&api.login(HERE, "ada@example.org", PASSWORD).await);
    let fourth = cookie(&api.login(HERE, "ada@example.org", PASSWORD).await);
    for (ended, rows) in [(2, 1), (0, 1)] {
        assert_eq!(
            api.with(&other, "DELETE", "/api/me/sessions", None).await.is(200),
            json!({ "ended": ended })
        );
        let audit = api.get("/api/audit?action=session.end-others").await.is(200);
        assert_eq!(audit["items"].as_array().unwrap().len(), rows);
        assert_eq!(audit["items"][0]["actor"], "person:ada@example.org");
    }
    for ended in [&third, &fourth] {
        api.with(ended, "GET", "/api/me", None).await.problem(401, "session-ended");
    }
    let last = sessions[0]["id"].as_str().unwrap();
    api.with(&other, "DELETE", &format!("/api/me/sessions/{last}"), None).await.is(200);
    api.with(&other, "GET", "/api/me", None).await.problem(401, "session-ended");
}

#[sqlx::test(migrations = "../migrations")]
async fn another_sites_page_cannot_use_the_cookie(pool: PgPool) {
    let api = Api::new(pool);
    let cookie = api.owner().await;
    let body = || Some(json!({ "name": "forged" }));
    for hostile in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.example"), ("host", "localhost")],
        vec![("origin", "null"), ("host", "localhost")],
    ] {
        let headers = [vec![("cookie", cookie.as_str())], hostile].concat();
        api.from(HERE, "POST", "/api/realms", body(), &headers).await.problem(403, "cross-site");
        // Nor can it sign a user in as somebody else.
        let login = Some(json!({ "email": "ada@example.org", "password": PASSWORD }));
        api.from(HERE, "POST", "/api/auth/login", login, &headers).await.problem(403, "cross-site");
    }
    for own in
        [vec![("sec-fetch-site", "same-origin")], vec![("origin", "http://localhost"), ("host", "localhost")]]
    {
        let headers = [vec![("cookie", cookie.as_str())], own.clone()].concat();
        let name = json!({ "name": format!("own {}", own.len()) });
        api.from(HERE, "POST", "/api/realms", Some(name), &headers).await.is(201);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn guessing_is_slowed_and_locks_nobody_out(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.owner().await;
    api.person("bob@example.org", json!([])).await;
    let (guesser, elsewhere) = ("198.51.100.7", "203.0.113.9");
    for _ in 0..5 {
        let wrong = api.login(guesser, "ada@example.org", "not the password").await.problem(401, "bad-login");
        let nobody = api.login(elsewhere, "nobody@example.org", "not the password").await;
        assert_eq!(
            nobody.problem(401, "bad-login")["detail"],
            wrong["detail"],
            "it does not tell who is here"
        );
    }
    let slowed = api.login(guesser, "ada@example.org", PASSWORD).await;
    assert_eq!(slowed.header("retry-after"), "60");
    slowed.problem(429, "too-many-attempts");
    api.login(elsewhere, "nobody@example.org", "again").await.problem(429, "too-many-attempts");
    // Others from there, and the same person from elsewhere, are not concerned.
    cookie(&api.login(guesser, "bob@example.org", PASSWORD).await);
    cookie(&api.login(elsewhere, "ada@example.org", PASSWORD).await);
    // From many networks at once, all on one account: strangers have to wait, the person does not.
    sqlx::query(
        "insert into login_failure (at, person_id, network)
         select now(), p.id, '10.0.0.' || n from generate_series(1, 50) n, person p where email = 'ada@example.org'",
    )
    .execute(&pool)
    .await
    .unwrap();
    api.login("203.0.113.200", "ada@example.org", PASSWORD).await.problem(429, "too-many-attempts");
    cookie(&api.login(HERE, "ada@example.org", PASSWORD).await);
    // From one network over many accounts.
    sqlx::query(
        "insert into login_failure (at, network) select now(), '203.0.113.77' from generate_series(1, 30)",
    )
    .execute(&pool)
    .await
    .unwrap();
    api.login("203.0.113.77", "bob@example.org", PASSWORD).await.problem(429, "too-many-attempts");
    let refused = api.get("/api/audit?action=session.refused").await.is(200);
    let rows = refused["items"].as_array().unwrap();
    assert_eq!(rows.len(), 10, "each that was tried, and none that was not");
    assert!(
        rows.iter().any(|r| r["subject"].as_str().unwrap().starts_with("person/") && r["address"] == guesser)
    );
    assert!(!refused.to_string().contains("nobody@"), "what was typed may be a password in the wrong field");
}

#[sqlx::test(migrations = "../migrations")]
async fn many_guesses_at_once_are_many(pool: PgPool) {
    let api = Api::new(pool);
    api.owner().await;
    let tries = (0..20).map(|_| api.login("198.51.100.7", "ada@example.org", "not the password"));
    let answers = futures_util::future::join_all(tries).await;
    let tried = answers.iter().filter(|a| a.status == 401).count();
    assert!(tried <= 5, "{tried} passwords were tried at once");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_ends_by_itself(pool: PgPool) {
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    let api = Api::at(pool, clock.clone());
    let cookie = api.owner().await;
    for _ in 0..3 {
        clock.advance(TimeDelta::hours(11));
        api.with(&cookie, "GET", "/api/me", None).await.is(200);
    }
    clock.advance(TimeDelta::hours(13));
    api.with(&cookie, "GET", "/api/me", None).await.problem(401, "session-ended");
    let cookie = self::cookie(&api.login(HERE, "ada@example.org", PASSWORD).await);
    for _ in 0..7 * 24 / 6 - 1 {
        clock.advance(TimeDelta::hours(6));
        api.with(&cookie, "GET", "/api/me", None).await.is(200);
    }
    clock.advance(TimeDelta::hours(6));
    api.with(&cookie, "GET", "/api/me", None).await.problem(401, "session-ended");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_locked_out_or_has_another_password_is_out_at_once(pool: PgPool) {
    let api = Api::new(pool);
    let bob = api.person("bob@example.org", json!([{ "role": "operator" }])).await;
    let elsewhere = cookie(&api.login(HERE, "bob@example.org", PASSWORD).await);
    let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    let wrong =
        api.with(&bob, "POST", "/api/me/password", Some(change("wrong", "another long password"))).await;
    assert_eq!(wrong.problem(422, "invalid")["field"], "currentPassword");
    api.with(&bob, "POST", "/api/me/password", Some(change(PASSWORD, "another long password"))).await.is(200);
    api.with(&elsewhere, "GET", "/api/me", None).await.problem(401, "session-ended");
    api.with(&bob, "GET", "/api/me", None).await.is(200);
    api.login(HERE, "bob@example.org", PASSWORD).await.problem(401, "bad-login");
    api.patch("/api/people/bob@example.org", json!({ "disabled": true })).await.is(200);
    api.with(&bob, "GET", "/api/me", None).await.problem(401, "session-ended");
    api.login(HERE, "bob@example.org", "another long password").await.problem(401, "bad-login");
    api.post("/api/people/bob@example.org/invite", json!({})).await.problem(409, "person-disabled");
    api.patch("/api/people/bob@example.org", json!({ "disabled": false })).await.is(200);
    let bob = cookie(&api.login(HERE, "bob@example.org", "another long password").await);
    // What they may do is looked at with every request.
    api.with(&bob, "GET", "/api/proxies", None).await.is(200);
    api.patch("/api/people/bob@example.org", json!({ "roles": [] })).await.is(200);
    api.with(&bob, "GET", "/api/proxies", None).await.problem(403, "missing-permission");
    api.get("/api/people/nobody@example.org/sessions").await.problem(404, "not-found");
    api.delete("/api/people/bob@example.org/sessions").await.is(200);
    api.with(&bob, "GET", "/api/me", None).await.problem(401, "session-ended");
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_gives_out_more_than_they_have(pool: PgPool) {
    let api = Api::new(pool);
    api.install().await;
    api.realm("red").await;
    api.realm("blue").await;
    let owner = api.owner().await;
    let admin = api.person("adam@example.org", json!([{ "role": "admin" }])).await;
    let ruler = api.person("rita@example.org", json!([{ "role": "realm-admin", "realmId": "red" }])).await;
    let as_admin = |method, path, body| api.with(&admin, method, path, body);
    as_admin(
        "POST",
        "/api/people",
        Some(json!({ "email": "x@example.org", "roles": [{ "role": "owner" }] })),
    )
    .await
    .problem(403, "more-than-own");
    for (method, path) in [
        ("PATCH", "/api/people/ada@example.org"),
        ("POST", "/api/people/ada@example.org/invite"),
        ("DELETE", "/api/people/ada@example.org/sessions"),
        ("DELETE", "/api/people/ada@example.org"),
    ] {
        as_admin(method, path, Some(json!({ "name": "mine now" }))).await.problem(403, "more-than-own");
    }
    as_admin("POST", "/api/tokens", Some(json!({ "name": "up", "role": "owner" })))
        .await
        .problem(403, "more-than-own");
    let as_ruler = |body| api.with(&ruler, "POST", "/api/tokens", Some(body));
    as_ruler(json!({ "name": "up", "permissions": ["realms:write"], "realmIds": ["red"] }))
        .await
        .problem(403, "more-than-own");
    as_ruler(json!({ "name": "up", "permissions": ["grants:write"] }))
        .await
        .problem(403, "missing-permission");
    as_ruler(json!({ "name": "up", "permissions": ["grants:write"], "realmIds": ["blue"] }))
        .await
        .problem(422, "invalid");
    as_ruler(json!({ "name": "fine", "permissions": ["grants:write"], "realmIds": ["red"] })).await.is(201);
    // A token that can more than its rotator would hand that over.
    api.post("/api/tokens", json!({ "name": "root", "role": "owner" })).await.is(201);
    as_admin("POST", "/api/tokens/root/rotate", None).await.problem(403, "more-than-own");
    // The budget of a realm is the realm's.
    api.model("one").await;
    let grant = json!({ "realmId": "red", "monthlyBudgetUsd": 1000.0 });
    let refused = api.with(&ruler, "POST", "/api/models/one/realms", Some(grant)).await;
    assert!(refused.problem(403, "missing-permission")["detail"].as_str().unwrap().contains("realms:write"));
    api.with(&ruler, "POST", "/api/models/one/realms", Some(json!({ "realmId": "red" }))).await.is(201);
    // The last owner stays, and so does a way in.
    api.delete("/api/tokens/root").await.is(200);
    let settings = |body| api.with(&owner, "PATCH", "/api/settings", Some(body));
    settings(json!({ "bootstrapTokenEnabled": false })).await.is(200);
    api.call_as(Some(TOKEN), "GET", "/api/me", None, &[]).await.problem(401, "bad-token");
    api.with(&owner, "DELETE", "/api/people/ada@example.org", None).await.problem(409, "no-owner");
    let demote = json!({ "roles": [{ "role": "admin" }] });
    api.with(&owner, "PATCH", "/api/people/ada@example.org", Some(demote)).await.problem(409, "no-owner");
    let lock = json!({ "disabled": true });
    api.with(&owner, "PATCH", "/api/people/ada@example.org", Some(lock)).await.problem(409, "no-owner");
    // Who operates the installation has a way back in.
    let link = sign_in::first_link(&api.services, true).await.unwrap().unwrap();
    let body = json!({ "token": link.secret.expose(), "password": PASSWORD, "email": "back@example.org" });
    cookie(&api.from(HERE, "POST", "/api/auth/setup", Some(body), &[]).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_bootstrap_token_stays_while_it_is_the_only_owner(pool: PgPool) {
    let api = Api::new(pool);
    api.install().await;
    api.person("adam@example.org", json!([{ "role": "admin" }])).await;
    let off = json!({ "bootstrapTokenEnabled": false });
    api.patch("/api/settings", off.clone()).await.problem(409, "no-owner");
    // Somebody who was invited and never came cannot act.
    api.post("/api/people", json!({ "email": "x@example.org", "roles": [{ "role": "owner" }] }))
        .await
        .is(201);
    api.patch("/api/settings", off.clone()).await.problem(409, "no-owner");
    api.post("/api/tokens", json!({ "name": "root", "role": "owner" })).await.is(201);
    api.patch("/api/settings", off).await.is(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_counts_until_it_is_rotated_revoked_or_over(pool: PgPool) {
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    let api = Api::at(pool, clock.clone());
    let text = |answer: &Value| answer["token"].as_str().unwrap().to_owned();
    let made = api.post("/api/tokens", json!({ "name": "ci", "role": "auditor" })).await.is(201);
    let first = text(&made);
    let asked = &api;
    let as_ = |token: String| async move { asked.call_as(Some(&token), "GET", "/api/me", None, &[]).await };
    let me = as_(first.clone()).await.is(200);
    assert_eq!((&me["actor"], &me["person"]), (&json!("token:ci"), &Value::Null));
    assert!(api.get("/api/tokens/ci").await.is(200)["lastUsedAt"].is_string());
    api.post("/api/tokens", json!({ "name": "ci", "role": "auditor" })).await.problem(409, "name-taken");
    let second = text(&api.post("/api/tokens/ci/rotate", json!({ "overlapSeconds": 60 })).await.is(200));
    as_(first.clone()).await.is(200);
    as_(second.clone()).await.is(200);
    clock.advance(TimeDelta::seconds(61));
    as_(first.clone()).await.problem(401, "bad-token");
    let third = text(&api.post("/api/tokens/ci/rotate", json!({})).await.is(200));
    as_(second).await.problem(401, "bad-token");
    as_(third.clone()).await.is(200);
    clock.advance(TimeDelta::days(91));
    as_(third).await.problem(401, "bad-token");
    assert_eq!(api.get("/api/tokens/ci").await.is(200)["state"], "expired");
    api.post("/api/tokens/ci/rotate", json!({})).await.problem(409, "token-ended");
    api.delete("/api/tokens/ci").await.is(200);
    let fourth = text(&api.post("/api/tokens", json!({ "name": "ci", "role": "auditor" })).await.is(201));
    api.delete("/api/tokens/ci").await.is(200);
    as_(fourth).await.problem(401, "bad-token");
    for wrong in [
        json!({ "name": "x" }),
        json!({ "name": "x", "role": "auditor", "permissions": ["grants:read"] }),
        json!({ "name": "x", "role": "realm-admin" }),
        json!({ "name": "x", "permissions": ["grants:sing"] }),
        json!({ "name": "x", "permissions": ["proxies:read"], "realmIds": ["nowhere"] }),
        json!({ "name": "x", "role": "auditor", "realmIds": [] }),
        json!({ "name": "X Y", "role": "auditor" }),
        json!({ "name": "x", "role": "auditor", "expiresAt": "2999-01-01T00:00:00Z" }),
    ] {
        api.post("/api/tokens", wrong).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn who_may_only_write_sees_what_becomes_of_it(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    let other = api.post("/api/realms", json!({ "name": "red" })).await.revision();
    let body = json!({ "name": "ci", "permissions": ["grants:write"], "realmIds": ["red"] });
    let token = api.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned();
    let as_ci = |method: &'static str, path: String, body: Option<Value>| {
        let (api, token) = (&api, token.clone());
        async move { api.call_as(Some(&token), method, &path, body, &[]).await }
    };
    let grant = as_ci("POST", "/api/models/one/realms".to_owned(), Some(json!({ "realmId": "red" }))).await;
    let mine = grant.revision();
    assert_eq!(as_ci("GET", format!("/api/changes/{mine}"), None).await.is(200)["kind"], "grant");
    as_ci("GET", format!("/api/changes/{other}"), None).await.problem(404, "not-found");
    assert_eq!(
        as_ci("GET", "/api/changes".to_owned(), None).await.is(200)["items"].as_array().unwrap().len(),
        1
    );
}

/// What a thief of the whole database can try.
#[sqlx::test(migrations = "../migrations")]
async fn a_stolen_database_holds_nothing_that_opens_a_door(pool: PgPool) {
    let api = Api::new(pool.clone());
    let cookie = api.owner().await;
    let token = api.post("/api/tokens", json!({ "name": "root", "role": "owner" })).await.is(201);
    let invited = api.post("/api/people", json!({ "email": "bob@example.org" })).await.is(201);
    let secrets = [
        cookie.split_once('=').unwrap().1.to_owned(),
        token["token"].as_str().unwrap().to_owned(),
        invited["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned(),
        PASSWORD.to_owned(),
        TOKEN.to_owned(),
    ];
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
            .fetch_all(&pool)
            .await
            .unwrap();
    let mut stolen = Vec::new();
    for table in tables {
        let sql = sqlx::AssertSqlSafe(format!("select row_to_json(t)::text from \"{table}\" t"));
        stolen.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&pool).await.unwrap());
    }
    for row in &stolen {
        for secret in &secrets {
            assert!(!row.contains(secret.as_str()), "{row}");
        }
        let mut found = Vec::new();
        texts(&serde_json::from_str(row).unwrap(), &mut found);
        opens_nothing(&api, &found).await;
    }
}

/// Every text in these, tried as what it might be.
async fn opens_nothing(api: &Api, texts: &[String]) {
    for text in texts.iter().filter(|t| t.len() > 20 && t.is_ascii() && !t.contains(['\n', '\r'])) {
        api.call_as(Some(text), "GET", "/api/me", None, &[]).await.problem(401, "bad-token");
        let cookie = format!("reeve_session={text}");
        assert_eq!(api.with(&cookie, "GET", "/api/me", None).await.status, 401, "{text}");
        let body = json!({ "token": text, "password": PASSWORD });
        api.from(HERE, "POST", "/api/auth/setup", Some(body), &[]).await.problem(401, "bad-link");
        let body = json!({ "token": text });
        api.from(HERE, "POST", "/api/auth/workload", Some(body), &[]).await.problem(401, "no-rule");
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|v| texts(v, found)),
        Value::Object(fields) => fields.values().for_each(|v| texts(v, found)),
        _ => {}
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_leaked_audit_export_holds_nothing_that_opens_a_door(pool: PgPool) {
    let api = Api::new(pool);
    api.install().await;
    api.owner().await;
    api.proxy("eu").await;
    api.model("one").await;
    api.realm("red").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    let made = api.post("/api/tokens", json!({ "name": "root", "role": "owner" })).await.is(201);
    let rotated = api.post("/api/tokens/root/rotate", json!({ "overlapSeconds": 600 })).await.is(200);
    let invited = api
        .post("/api/people", json!({ "email": "bob@example.org", "roles": [{ "role": "owner" }] }))
        .await
        .is(201);
    let enrolled = api.post("/api/enrollment-tokens", json!({})).await.is(201);
    let export =
        api.get("/api/audit?format=ndjson").await.text + &api.get("/api/audit?format=csv").await.text;
    for secret in [&made["token"], &rotated["token"], &invited["link"], &enrolled["token"]] {
        let secret = secret.as_str().unwrap().rsplit('#').next().unwrap();
        assert!(!export.contains(secret), "{secret}");
    }
    assert!(!export.contains("MARKER") && !export.contains(PASSWORD));
    let mut found = Vec::new();
    for line in export.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        texts(&line, &mut found);
    }
    assert!(found.len() > 50);
    found.sort();
    found.dedup();
    opens_nothing(&api, &found).await;
}

/// What an agent has: its identity's proof, and the virtual key in its document.
#[sqlx::test(migrations = "../migrations")]
async fn a_leaked_agent_key_rules_nothing(pool: PgPool) {
    let api = Api::new(pool);
    api.proxy("eu").await;
    api.model("one").await;
    api.realm("red").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    let identity = TestKey::new();
    let proof = identity.proof(api.services.store.clock.now());
    api.agent(&identity.did(), AgentStatus::Approved).await;
    api.post("/api/realms/red/agents", json!({ "did": identity.did() })).await.is(201);
    let mut conn = api.services.store.conn().await.unwrap();
    let keys = store::keys::list(&mut conn, None).await.unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("select secret from realm_key").fetch_one(&mut *conn).await.unwrap();
    drop(conn);
    let at = realm_key_at(keys[0].id);
    let virtual_key = api.services.store.sealer.open(&at, keys[0].generation, &sealed).unwrap();
    for stolen in [proof.as_str(), virtual_key.expose(), &identity.did()] {
        for (method, path, _) in OPERATIONS {
            let path = path.replace(['{', '}'], "");
            let answer = api.call_as(Some(stolen), method, &path, Some(json!({})), &[]).await;
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
        }
        opens_nothing(&api, &[stolen.to_owned()]).await;
    }
}
