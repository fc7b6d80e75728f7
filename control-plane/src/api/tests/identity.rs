//! Others' word for who somebody is: people at an identity provider, CI jobs, and those who forge or replay it.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use sqlx::PgPool;
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use super::{Answer, Api};
use crate::base::clock::Clock;

const HERE: &str = "192.0.2.1";

struct Key {
    kid: String,
    key: EncodingKey,
}

impl Key {
    fn new(kid: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self { kid: kid.to_owned(), key: EncodingKey::from_ec_der(pkcs8.as_ref()) }
    }

    fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.kid.clone());
        serde_json::to_value(jwk).unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.key).unwrap()
    }
}

/// An issuer on loopback that publishes what it is told.
struct Issuer {
    server: MockServer,
    key: Key,
}

impl Issuer {
    async fn start() -> Self {
        let issuer = Self { server: MockServer::start().await, key: Key::new("one") };
        issuer.publish(&[&issuer.key]).await;
        issuer
    }

    fn uri(&self) -> String {
        self.server.uri()
    }

    async fn publish(&self, keys: &[&Key]) {
        let url = self.uri();
        let get = |at: &'static str, body: Value| {
            Mock::given(method("GET"))
                .and(path(at))
                .respond_with(ResponseTemplate::new(200).set_body_json(body))
        };
        self.server.reset().await;
        let metadata = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"),
        });
        get("/.well-known/openid-configuration", metadata).mount(&self.server).await;
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        get("/keys", json!({ "keys": keys })).mount(&self.server).await;
    }

    /// What the next code is exchanged for.
    async fn answers(&self, id_token: &str) {
        self.publish(&[&self.key]).await;
        let body = json!({ "access_token": "x", "token_type": "Bearer", "id_token": id_token });
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(method("POST")).and(path("/token")).respond_with(answer).mount(&self.server).await;
    }
}

fn header(alg: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "kid": "one" }).to_string())
}

/// Tokens that must get nobody in, made of sound claims.
fn forged(issuer: &Issuer, claims: &Value, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        issuer.key.sign(&claims)
    };
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let sound = issuer.key.sign(claims);
    let (_, signature) = sound.rsplit_once('.').unwrap();
    let mut stranger = Key::new("one");
    let by_stranger = stranger.sign(claims);
    stranger.kid = "two".to_owned();
    // The public key as the secret of an HMAC, as it is published and as its point.
    let public = issuer.key.jwk();
    let hmac = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("one".to_owned());
        encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let point = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let mut lacking = claims.clone();
    lacking.as_object_mut().unwrap().remove("exp");
    vec![
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("another audience", with("aud", json!("somebody-else"))),
        ("expired", with("exp", json!((now - TimeDelta::minutes(2)).timestamp()))),
        ("no end", issuer.key.sign(&lacking)),
        ("an end far off", with("exp", json!((now + TimeDelta::days(30)).timestamp()))),
        ("not yet", with("nbf", json!((now + TimeDelta::minutes(5)).timestamp()))),
        ("alg none", format!("{}.{payload}.", header("none"))),
        ("alg none with a signature", format!("{}.{payload}.{signature}", header("none"))),
        ("HMAC with the public key", hmac(public.to_string().as_bytes())),
        ("HMAC with the public point", hmac(&point)),
        ("a key of the same name", by_stranger),
        ("a key that is not published", stranger.sign(claims)),
        ("another payload", {
            let mut other = claims.clone();
            other["sub"] = json!("somebody-else");
            let payload = URL_SAFE_NO_PAD.encode(other.to_string());
            let (head, _) = sound.split_once('.').unwrap();
            format!("{head}.{payload}.{signature}")
        }),
        ("another algorithm for the key", format!("{}.{payload}.{signature}", header("RS256"))),
        ("nonsense", "nonsense".to_owned()),
        ("too long", "x".repeat(20_000)),
    ]
}

/// A sign-in that was begun: the cookie, and what the provider was told.
struct Begun {
    cookie: String,
    state: String,
    nonce: String,
}

impl Api {
    async fn provider(&self, issuer: &Issuer, more: Value) {
        let mut body = json!({
            "name": "corp", "issuer": issuer.uri(), "clientId": "reeve", "clientSecret": "MARKER-0123456789",
            "groupRoles": [{ "group": "platform", "role": "admin" }, { "group": "red-team", "role": "realm-admin", "realmId": "red" }],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/api/identity-providers", body).await.is(201);
    }

    async fn begin(&self, next: &str) -> Begun {
        let path = format!("/api/auth/oidc/corp/start?next={next}");
        let answer = self.from(HERE, "GET", &path, None, &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let cookie = answer.header("set-cookie");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/api/auth/oidc"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let url = Url::parse(&answer.header("location")).unwrap();
        let told: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(
            (told["response_type"].as_str(), told["code_challenge_method"].as_str()),
            ("code", "S256")
        );
        assert_eq!(told["redirect_uri"], "http://localhost/api/auth/oidc/corp/callback");
        assert!(
            !url.as_str().contains(cookie.split(['=', '|']).nth(1).unwrap()),
            "the secret stays in the browser"
        );
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Begun { cookie, state: told["state"].clone(), nonce: told["nonce"].clone() }
    }

    async fn back(&self, begun: &Begun) -> Answer {
        let path = format!("/api/auth/oidc/corp/callback?code=c0de&state={}&session_state=x", begun.state);
        self.from(HERE, "GET", &path, None, &[("cookie", &begun.cookie)]).await
    }

    /// A whole sign-in of somebody in these groups.
    async fn sign_in(&self, issuer: &Issuer, sub: &str, email: &str, groups: &[&str]) -> Answer {
        let begun = self.begin("/realms/red").await;
        let claims = claims(issuer, self.services.store.clock.now(), &begun.nonce, sub, email, groups);
        issuer.answers(&issuer.key.sign(&claims)).await;
        self.back(&begun).await
    }
}

fn claims(
    issuer: &Issuer,
    now: DateTime<Utc>,
    nonce: &str,
    sub: &str,
    email: &str,
    groups: &[&str],
) -> Value {
    json!({
        "iss": issuer.uri(), "aud": "reeve", "sub": sub, "nonce": nonce, "email": email, "email_verified": true,
        "groups": groups, "iat": now.timestamp(), "exp": (now + TimeDelta::minutes(5)).timestamp(), "name": "Somebody",
    })
}

/// The session's cookie among those of an answer that went on.
#[track_caller]
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let mut cookies = answer.headers.get_all("set-cookie").iter().filter_map(|c| c.to_str().ok());
    let found = cookies.find(|c| c.starts_with("reeve_session=")).expect("a session");
    found.split(';').next().unwrap().to_owned()
}

#[sqlx::test(migrations = "../migrations")]
async fn groups_give_roles_and_take_them_away(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let issuer = Issuer::start().await;
    api.provider(&issuer, json!({})).await;
    let providers = api.from(HERE, "GET", "/api/auth/providers", None, &[]).await.is(200);
    assert_eq!(providers["items"], json!([{ "name": "corp" }]));
    let answer = api.sign_in(&issuer, "s-1", "Ada@Example.org", &["platform", "lunch"]).await;
    assert_eq!(answer.header("location"), "/realms/red");
    let ada = session(&answer);
    let me = api.from(HERE, "GET", "/api/me", None, &[("cookie", &ada)]).await.is(200);
    assert_eq!(
        (&me["actor"], &me["person"]["roles"][0]["role"]),
        (&json!("person:ada@example.org"), &json!("admin"))
    );
    // The next time, the groups are others; so is the email, and it is the same person.
    session(&api.sign_in(&issuer, "s-1", "ada@other.example", &["red-team"]).await);
    let me = api.from(HERE, "GET", "/api/me", None, &[("cookie", &ada)]).await.is(200);
    assert_eq!((&me["permissions"], me["realms"].as_array().unwrap().len()), (&json!([]), 1));
    // What people here gave stays beside what the groups give.
    api.patch("/api/people/ada@example.org", json!({ "roles": [{ "role": "auditor" }] })).await.is(200);
    let both = api.get("/api/people/ada@example.org").await.is(200);
    assert_eq!(both["roles"].as_array().unwrap().len(), 2, "{both}");
    api.patch("/api/people/ada@example.org", json!({ "roles": [] })).await.is(200);
    api.sign_in(&issuer, "s-1", "ada@example.org", &["lunch"]).await.problem(403, "no-role");
    // Who lost the last group is out, also where a session was open.
    api.from(HERE, "GET", "/api/me", None, &[("cookie", &ada)]).await.problem(401, "session-ended");
    assert_eq!(api.get("/api/people/ada@example.org").await.is(200)["roles"], json!([]));
    api.sign_in(&issuer, "s-2", "eve@example.org", &[]).await.problem(403, "no-role");
    assert_eq!(
        api.get("/api/people").await.is(200)["items"].as_array().unwrap().len(),
        1,
        "nobody is made for nothing"
    );
    api.patch("/api/people/ada@example.org", json!({ "disabled": true })).await.is(200);
    api.sign_in(&issuer, "s-1", "ada@example.org", &["platform"]).await.problem(403, "person-locked");
    let rows = api.get("/api/audit?action=session.open").await.is(200);
    assert_eq!(rows["items"][0]["auth"], "oidc:corp");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_email_is_no_proof_unless_its_provider_is_trusted(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let issuer = Issuer::start().await;
    api.provider(&issuer, json!({})).await;
    api.post("/api/people", json!({ "email": "root@example.org", "roles": [{ "role": "owner" }] }))
        .await
        .is(201);
    api.sign_in(&issuer, "evil", "root@example.org", &["platform"]).await.problem(409, "email-taken");
    api.patch("/api/identity-providers/corp", json!({ "trustsEmail": true })).await.is(200);
    // Trusted, but it says itself that it did not look.
    let begun = api.begin("/").await;
    let mut unverified =
        claims(&issuer, Clock::default().now(), &begun.nonce, "evil", "root@example.org", &["platform"]);
    unverified["email_verified"] = json!(false);
    issuer.answers(&issuer.key.sign(&unverified)).await;
    api.back(&begun).await.problem(409, "email-taken");
    let root = session(&api.sign_in(&issuer, "s-9", "root@example.org", &[]).await);
    let me = api.from(HERE, "GET", "/api/me", None, &[("cookie", &root)]).await.is(200);
    assert_eq!(me["person"]["roles"][0]["role"], "owner");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_forged_or_replayed_token_opens_no_session(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let issuer = Issuer::start().await;
    api.provider(&issuer, json!({})).await;
    let now = Clock::default().now();
    let count = {
        let begun = api.begin("/").await;
        forged(&issuer, &claims(&issuer, now, &begun.nonce, "s", "a@example.org", &["platform"]), now).len()
    };
    for n in 0..count {
        let begun = api.begin("/").await;
        let sound = claims(&issuer, now, &begun.nonce, "s", "a@example.org", &["platform"]);
        let (what, token) = forged(&issuer, &sound, now).swap_remove(n);
        issuer.answers(&token).await;
        let answer = api.back(&begun).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert!(answer.headers.get("set-cookie").is_none(), "{what}");
    }
    // The nonce of another sign-in: a token that was caught elsewhere.
    let (mine, theirs) = (api.begin("/").await, api.begin("/").await);
    issuer
        .answers(&issuer.key.sign(&claims(&issuer, now, &theirs.nonce, "s", "a@example.org", &["platform"])))
        .await;
    api.back(&mine).await.problem(401, "bad-identity-token");
    let mut none = claims(&issuer, now, "", "s", "a@example.org", &["platform"]);
    none.as_object_mut().unwrap().remove("nonce");
    issuer.answers(&issuer.key.sign(&none)).await;
    api.back(&mine).await.problem(401, "bad-identity-token");
    let mut other_party = claims(&issuer, now, &mine.nonce, "s", "a@example.org", &["platform"]);
    other_party["aud"] = json!(["reeve", "somebody-else"]);
    issuer.answers(&issuer.key.sign(&other_party)).await;
    api.back(&mine).await.problem(401, "bad-identity-token");
    // The answer in another browser, and twice.
    issuer
        .answers(&issuer.key.sign(&claims(&issuer, now, &mine.nonce, "s", "a@example.org", &["platform"])))
        .await;
    let crossed = Begun { cookie: theirs.cookie.clone(), state: mine.state.clone(), nonce: String::new() };
    api.back(&crossed).await.problem(401, "bad-state");
    let without = Begun { cookie: "other=x".to_owned(), ..crossed };
    api.back(&without).await.problem(401, "bad-state");
    session(&api.back(&mine).await);
    api.back(&mine).await.problem(401, "bad-state");
    // The provider says no.
    let path = format!("/api/auth/oidc/corp/callback?error=access_denied&state={}", theirs.state);
    api.from(HERE, "GET", &path, None, &[("cookie", &theirs.cookie)]).await.problem(401, "provider-refused");
    let refused = api.get("/api/audit?action=refused&limit=200").await.is(200);
    let row = &refused["items"][0];
    let wanted = (&json!("GET /api/auth/oidc/{provider}/callback"), &json!(HERE));
    assert_eq!((&row["subject"], &row["address"]), wanted, "every refused sign-in is a row");
    // A browser is sent to a page that says so; the code alone goes with it.
    let browser = [("cookie", theirs.cookie.as_str()), ("accept", "text/html")];
    let sent = api.from(HERE, "GET", &path, None, &browser).await;
    assert_eq!((sent.status, sent.header("location").as_str()), (303, "/sign-in?problem=provider-refused"));
    // PKCE: what was told at the start is what the verifier hashes to, and the secret goes only to the provider's token endpoint.
    let posts = issuer.server.received_requests().await.unwrap();
    let post = posts.iter().rfind(|r| r.method.as_str() == "POST").unwrap();
    let body = String::from_utf8_lossy(&post.body);
    assert!(body.contains("code_verifier=") && body.contains("grant_type=authorization_code"), "{body}");
}

/// The answer of one provider, brought to the callback of another.
#[sqlx::test(migrations = "../migrations")]
async fn several_providers_are_kept_apart(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let (corp, other) = (Issuer::start().await, Issuer::start().await);
    api.provider(&corp, json!({})).await;
    api.provider(&other, json!({ "name": "other" })).await;
    let names = api.from(HERE, "GET", "/api/auth/providers", None, &[]).await.is(200);
    assert_eq!(names["items"], json!([{ "name": "corp" }, { "name": "other" }]));
    let begun = api.begin("/").await;
    let now = api.services.store.clock.now();
    for (issuer, signer) in [(&corp, &other), (&other, &other), (&other, &corp)] {
        let claims = claims(issuer, now, &begun.nonce, "s", "a@example.org", &["platform"]);
        let token = signer.key.sign(&claims);
        corp.answers(&token).await;
        other.answers(&token).await;
        let path = format!("/api/auth/oidc/other/callback?code=c0de&state={}", begun.state);
        api.from(HERE, "GET", &path, None, &[("cookie", &begun.cookie)]).await.problem(401, "bad-state");
        api.back(&begun).await.problem(401, "bad-identity-token");
    }
    // The same subject at the two is two people.
    session(&api.sign_in(&corp, "s", "a@example.org", &["platform"]).await);
    let answer = api.from(HERE, "GET", "/api/auth/oidc/other/start", None, &[]).await;
    let url = Url::parse(&answer.header("location")).unwrap();
    let told: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    other
        .answers(&other.key.sign(&claims(&other, now, &told["nonce"], "s", "b@example.org", &["platform"])))
        .await;
    let path = format!("/api/auth/oidc/other/callback?code=c0de&state={}", told["state"]);
    let second = session(&api.from(HERE, "GET", &path, None, &[("cookie", &cookie)]).await);
    let me = api.from(HERE, "GET", "/api/me", None, &[("cookie", &second)]).await.is(200);
    assert_eq!((&me["actor"], &me["person"]["passwordSet"]), (&json!("person:b@example.org"), &json!(false)));
    // What the provider was told is what the API says to register there.
    let listed = api.get("/api/identity-providers").await.is(200);
    assert_eq!(listed["items"][1]["callbackUrl"], json!(told["redirect_uri"]));
    let public_url = api.get("/api/settings").await.is(200)["publicUrl"].clone();
    assert_eq!(json!(told["redirect_uri"].strip_suffix("/api/auth/oidc/other/callback")), public_url);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_issuer_that_lies_or_is_away_is_said(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let issuer = Issuer::start().await;
    api.provider(&issuer, json!({})).await;
    issuer.server.reset().await;
    let start = || api.from(HERE, "GET", "/api/auth/oidc/corp/start", None, &[]);
    start().await.problem(503, "issuer-unavailable");
    let lie = json!({ "issuer": "https://login.example.org", "jwks_uri": format!("{}/keys", issuer.uri()) });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(lie))
        .mount(&issuer.server)
        .await;
    start().await.problem(503, "issuer-unavailable");
    let plain = json!({ "issuer": issuer.uri(), "jwks_uri": "http://login.example.org/keys" });
    issuer.server.reset().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(plain))
        .mount(&issuer.server)
        .await;
    start().await.problem(503, "issuer-unavailable");
    api.from(HERE, "GET", "/api/auth/oidc/other/start", None, &[]).await.problem(404, "not-found");
    for wrong in [
        "http://login.example.org",
        "ftp://x",
        "x",
        "https://login.example.org?x=1",
        "https://u:p@login.example.org",
    ] {
        let body =
            json!({ "name": "x", "issuer": wrong, "clientId": "x", "clientSecret": "MARKER-0123456789" });
        assert_eq!(
            api.post("/api/identity-providers", body).await.problem(422, "invalid")["field"],
            "issuer"
        );
    }
    let shown = api.get("/api/identity-providers/corp").await.text + &api.get("/api/audit").await.text;
    assert!(!shown.contains("MARKER"));
}

fn job(issuer: &Issuer, now: DateTime<Utc>, jti: &str) -> Value {
    json!({
        "iss": issuer.uri(), "aud": "https://reeve.example", "sub": "repo:acme/app:environment:prod", "jti": jti,
        "repository": "acme/app", "ref": "refs/heads/main", "environment": "prod", "iat": now.timestamp(),
        "nbf": now.timestamp(), "exp": (now + TimeDelta::minutes(5)).timestamp(),
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn a_job_gets_a_token_by_its_rule_once_and_for_a_while(pool: PgPool) {
    let clock = Clock::fixed(Clock::default().now());
    let api = Api::at(pool, clock.clone());
    api.realm("red").await;
    api.realm("blue").await;
    api.model("one").await;
    let issuer = Issuer::start().await;
    let rule = json!({
        "name": "deploys", "issuer": issuer.uri(), "audience": "https://reeve.example", "permissions": ["grants:write"],
        "realmIds": ["red"], "claims": { "repository": "acme/app", "ref": "refs/heads/main", "environment": "prod" },
    });
    api.post("/api/workload-rules", rule.clone()).await.is(201);
    let exchange = |token: String| {
        let api = &api;
        async move { api.from(HERE, "POST", "/api/auth/workload", Some(json!({ "token": token })), &[]).await }
    };
    let now = clock.now();
    let sound = issuer.key.sign(&job(&issuer, now, "j-1"));
    let given = exchange(sound.clone()).await.is(200);
    assert_eq!(
        (&given["rule"], &given["subject"]),
        (&json!("deploys"), &json!("repo:acme/app:environment:prod"))
    );
    let token = given["token"].as_str().unwrap().to_owned();
    let as_job = |method: &'static str, path: &'static str, body: Option<Value>| {
        let (api, token) = (&api, token.clone());
        async move { api.call_as(Some(&token), method, path, body, &[]).await }
    };
    as_job("POST", "/api/models/one/realms", Some(json!({ "realmId": "red" }))).await.is(201);
    as_job("GET", "/api/realms/blue", None).await.problem(404, "not-found");
    as_job("GET", "/api/proxies", None).await.problem(403, "missing-permission");
    as_job(
        "POST",
        "/api/tokens",
        Some(json!({ "name": "x", "permissions": ["grants:write"], "realmIds": ["red"] })),
    )
    .await
    .problem(403, "missing-permission");
    let grant = &api.get("/api/audit?action=grant").await.is(200)["items"][0];
    assert_eq!(grant["actor"], "job:deploys:repo:acme/app:environment:prod");
    // Its own token is good once.
    exchange(sound).await.problem(401, "bad-identity-token");
    // The issuer changes its keys.
    clock.advance(TimeDelta::seconds(11));
    let next = Key::new("next");
    issuer.publish(&[&next]).await;
    exchange(next.sign(&job(&issuer, clock.now(), "j-2"))).await.is(200);
    clock.advance(TimeDelta::seconds(11));
    issuer.publish(&[&issuer.key]).await;
    for (what, bad) in forged(&issuer, &job(&issuer, clock.now(), "j-3"), clock.now()) {
        let answer = exchange(bad).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    }
    for (name, value) in [("repository", "acme/other"), ("ref", "refs/heads/dev"), ("environment", "dev")] {
        let mut other = job(&issuer, clock.now(), "j-4");
        other[name] = json!(value);
        exchange(issuer.key.sign(&other)).await.problem(401, "no-rule");
    }
    // It ends by itself, and with its rule.
    as_job("GET", "/api/me", None).await.is(200);
    clock.advance(TimeDelta::seconds(900));
    as_job("GET", "/api/me", None).await.problem(401, "bad-token");
    let again = exchange(issuer.key.sign(&job(&issuer, clock.now(), "j-5"))).await.is(200);
    let again = again["token"].as_str().unwrap();
    api.call_as(Some(again), "GET", "/api/me", None, &[]).await.is(200);
    api.delete("/api/workload-rules/deploys").await.is(200);
    api.call_as(Some(again), "GET", "/api/me", None, &[]).await.problem(401, "bad-token");
    let wrong = |name: &str, value: Value| {
        let mut rule = rule.clone();
        rule[name] = value;
        rule
    };
    for (field, body) in [
        ("claims", wrong("claims", json!({}))),
        ("claims", wrong("claims", json!({ "ref": "refs/heads/main" }))),
        ("claims", wrong("claims", json!({ "repository": "*" }))),
        ("audience", wrong("audience", json!(" "))),
        ("issuer", wrong("issuer", json!("http://ci.example.org"))),
        ("lifetimeSeconds", wrong("lifetimeSeconds", json!(86_400))),
        ("permissions", wrong("permissions", json!([]))),
        ("permissions", wrong("permissions", json!(["proxies:read"]))),
    ] {
        assert_eq!(api.post("/api/workload-rules", body).await.problem(422, "invalid")["field"], field);
    }
}

/// Anybody can make a token with a key that nobody knows: the issuer must not be asked for each.
#[sqlx::test(migrations = "../migrations")]
async fn unknown_keys_do_not_make_us_ask_again_and_again(pool: PgPool) {
    let clock = Clock::fixed(Clock::default().now());
    let api = Api::at(pool, clock.clone());
    let issuer = Issuer::start().await;
    let rule = json!({ "name": "x", "issuer": issuer.uri(), "audience": "https://reeve.example", "role": "auditor",
        "claims": { "repository": "acme/app" } });
    api.post("/api/workload-rules", rule).await.is(201);
    let stranger = Key::new("unknown");
    for n in 0..10 {
        let token = stranger.sign(&job(&issuer, clock.now(), &n.to_string()));
        api.from(HERE, "POST", "/api/auth/workload", Some(json!({ "token": token })), &[])
            .await
            .problem(401, "bad-identity-token");
    }
    let asked =
        issuer.server.received_requests().await.unwrap().iter().filter(|r| r.url.path() == "/keys").count();
    assert_eq!(asked, 1);
    // Of an issuer that no rule names, nothing is asked at all.
    let nobody = Issuer::start().await;
    let token = nobody.key.sign(&job(&nobody, clock.now(), "x"));
    api.from(HERE, "POST", "/api/auth/workload", Some(json!({ "token": token })), &[])
        .await
        .problem(401, "no-rule");
    assert!(nobody.server.received_requests().await.unwrap().is_empty());
}
