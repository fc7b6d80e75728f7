//! Who may do what, as people and CI jobs live it: the first owner, somebody from a real identity provider, an auditor, and a job
//! that has no secret of its own.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::collections::HashMap;

use e2e::harness::{Agent, Database, Process, Proxy, Reeve, ReeveOptions, binary, run};
use reqwest::{Client, Method, Response, redirect};
use serde_json::{Value, json};
use tokio::process::Command;

const PASSWORD: &str = "correct horse battery staple";

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

/// The identity provider of tests/oidc, which sends browsers back to this Reeve. `None`: there is no Node here.
async fn identity_provider(reeve: &Reeve) -> Option<(Process, String)> {
    let dir = std::env::var("REEVE_TEST_OIDC_DIR").ok()?;
    let port = free_port();
    let back = format!("{}/api/auth/oidc/corp/callback", reeve.api.url);
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/oidc/server.mjs");
    let mut command = Command::new("node");
    command.args([server, &dir, &port.to_string(), &back]);
    let mut process = Process::start("oidc", &mut command);
    process.stdout_has("the identity provider listens", |text| text.contains("ready").then_some(())).await;
    Some((process, format!("http://127.0.0.1:{port}")))
}

/// What a browser does of itself: cookies by host and path, redirects, forms. It shows no page.
struct Browser {
    http: Client,
    /// By origin, then name; with its path.
    cookies: HashMap<String, HashMap<String, (String, String)>>,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Self { http, cookies: HashMap::new() }
    }

    /// Sends, and goes where it is sent, until a page is there. Returns its address and text.
    async fn go(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> (reqwest::Url, u16, String) {
        let mut url: reqwest::Url = url.parse().expect("a URL");
        let (mut method, mut form) = (method, Some(form));
        for _ in 0..10 {
            let origin = url.origin().ascii_serialization();
            let sent: Vec<String> = self
                .cookies
                .get(&origin)
                .into_iter()
                .flatten()
                .filter(|(_, (_, path))| url.path().starts_with(path.as_str()))
                .map(|(name, (value, _))| format!("{name}={value}"))
                .collect();
            let mut request =
                self.http.request(method.clone(), url.clone()).header("cookie", sent.join("; "));
            if let Some(form) = form.take().filter(|form| !form.is_empty()) {
                let body =
                    form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
                request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
            }
            let answer = request.send().await.expect("an answer");
            self.keep(&origin, &answer);
            let status = answer.status();
            let Some(next) = answer.headers().get("location").filter(|_| status.is_redirection()) else {
                return (url, status.as_u16(), answer.text().await.expect("a page"));
            };
            url = url.join(next.to_str().expect("text")).expect("a URL");
            method = Method::GET;
        }
        panic!("sent around in circles, last to {url}");
    }

    fn keep(&mut self, origin: &str, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let text = cookie.to_str().expect("text");
            let (name, rest) = text.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            let path =
                text.split("; ").find_map(|part| part.strip_prefix("path=").or(part.strip_prefix("Path=")));
            let kept = self.cookies.entry(origin.to_owned()).or_default();
            if value.is_empty() {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), (value.to_owned(), path.unwrap_or("/").to_owned()));
            }
        }
    }

    fn session(&self, reeve: &Reeve) -> Option<String> {
        Some(self.cookies.get(&reeve.api.url)?.get("reeve_session")?.0.clone())
    }

    /// Signs in at the provider as somebody, through its own pages. Returns the last page.
    async fn sign_in(&mut self, reeve: &Reeve, who: &str) -> (reqwest::Url, u16, String) {
        let start = format!("{}/api/auth/oidc/corp/start?next=/health", reeve.api.url);
        let (url, _, page) = self.go(Method::GET, &start, &[]).await;
        assert!(url.path().starts_with("/interaction/"), "{url}: {page}");
        let form = [("prompt", "login"), ("login", who), ("password", "any")];
        let (url, status, page) = self.go(Method::POST, url.as_str(), &form).await;
        if !url.path().starts_with("/interaction/") {
            return (url, status, page);
        }
        self.go(Method::POST, url.as_str(), &[("prompt", "consent")]).await
    }
}

/// The CLI as somebody with a home of their own.
async fn cli(reeve: &Reeve, token: &str, home: &str, args: &[&str]) -> (i32, String, String) {
    let env = [("REEVE_URL", reeve.api.url.as_str()), ("REEVE_TOKEN", token), ("XDG_CONFIG_HOME", home)];
    run(binary("reeve"), args, &env).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_signs_in_and_does_without_the_bootstrap_token() {
    let database = Database::create().await;
    let mut reeve = Reeve::start(ReeveOptions::on(&database)).await;
    let link = reeve.process.stdout();
    let link =
        link.lines().find_map(|line| line.split_once("once): ")).expect("a link is printed").1.to_owned();
    assert!(link.starts_with(&format!("{}/setup#reeve_link_", reeve.api.url)), "{link}");
    let dir = tempfile::tempdir().expect("a directory");
    let home = dir.path().to_str().expect("text");
    std::fs::write(dir.path().join("password"), PASSWORD).expect("written");
    let url = reeve.api.url.clone();
    let login = |args: &'static str, more: String| {
        let command = format!("\"$0\" login {args} {more} --password-stdin < {home}/password");
        let (url, home) = (url.clone(), home.to_owned());
        async move {
            let reeve = binary("reeve");
            let script = ["-c", &command, reeve.to_str().expect("text")];
            run("/bin/sh".into(), &script, &[("REEVE_URL", &url), ("XDG_CONFIG_HOME", &home)]).await
        }
    };
    let (code, _, err) = login("ada@example.org --link", format!("'{link}'")).await;
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = cli(&reeve, "", home, &["whoami"]).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON")["actor"], "person:ada@example.org");
    let (code, _, err) = cli(&reeve, "", home, &["settings", "edit", "--bootstrap-token", "false"]).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(reeve.api.call(Method::GET, "/api/me", None, &[]).await.status, 401);
    // Also after a restart, which prints no link: there is somebody.
    reeve.restart().await;
    assert!(!reeve.process.stdout().contains("/setup#"));
    assert_eq!(reeve.api.call(Method::GET, "/api/me", None, &[]).await.status, 401);
    assert_eq!(cli(&reeve, "", home, &["whoami"]).await.0, 0);
    assert_eq!(cli(&reeve, "", home, &["logout"]).await.0, 0);
    assert_ne!(cli(&reeve, "", home, &["whoami"]).await.0, 0);
    let (code, _, err) = login("ada@example.org", String::new()).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(cli(&reeve, "", home, &["audit", "verify"]).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_jobs_come_in_by_the_word_of_a_real_identity_provider() {
    let database = Database::create().await;
    let proxy = Proxy::simulated().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    let Some((_provider, issuer)) = identity_provider(&reeve).await else {
        eprintln!("left out: REEVE_TEST_OIDC_DIR names no identity provider");
        return;
    };
    for realm in ["red", "blue"] {
        reeve.api.post("/api/realms", json!({ "name": realm })).await;
    }
    let model = json!({ "name": "small", "provider": "openai", "modelId": "fake-model", "baseUrl": proxy.upstream_url,
        "apiKey": "sk-provider-0123456789" });
    reeve.api.post("/api/models", model).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let dir = tempfile::tempdir().expect("a directory");
    let home = dir.path().to_str().expect("text");
    std::fs::write(dir.path().join("secret"), "reeve-client-secret-0123456789").expect("written");
    let secret = format!("{home}/secret");
    let add = [
        "identity-provider",
        "add",
        "corp",
        "--issuer",
        &issuer,
        "--client-id",
        "reeve",
        "--client-secret-file",
        &secret,
        "--group",
        "platform=auditor",
        "--group",
        "red-team=realm-admin@red",
    ];
    let (code, _, err) = reeve.cli(&add).await;
    assert_eq!(code, 0, "{err}");

    // A realm's admin, in a browser and then with the session in the CLI.
    let mut rita = Browser::new();
    let (url, status, page) = rita.sign_in(&reeve, "rita").await;
    assert_eq!((url.as_str(), status), (format!("{}/health", reeve.api.url).as_str(), 200), "{page}");
    let token = rita.session(&reeve).expect("a session");
    let grant = ["grant", "small", "red", "--wait"];
    let (code, _, err) = cli(&reeve, &token, home, &grant).await;
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = cli(&reeve, &token, home, &["grant", "small", "blue"]).await;
    assert_eq!((code, err.contains("names no realm")), (4, true), "{err}");
    let (code, out, _) = cli(&reeve, &token, home, &["explain", &agent.did, "small"]).await;
    assert_eq!((code, out.contains("\"allowed\": true")), (0, true), "{out}");
    let (code, out, _) = cli(&reeve, &token, home, &["agents"]).await;
    assert_eq!((code, out.contains(&agent.did)), (0, true), "{out}");
    let (code, _, err) = cli(&reeve, &token, home, &["audit"]).await;
    assert_eq!((code, err.contains("audit:read")), (8, true), "{err}");

    // An auditor reads everything and changes nothing.
    let mut ada = Browser::new();
    assert_eq!(ada.sign_in(&reeve, "ada").await.1, 200);
    let token = ada.session(&reeve).expect("a session");
    let (code, out, _) = cli(&reeve, &token, home, &["audit", "verify"]).await;
    assert_eq!((code, out.contains("head")), (0, true), "{out}");
    let (code, _, err) = cli(&reeve, &token, home, &["revoke", "small", "red"]).await;
    assert_eq!((code, err.contains("grants:write")), (8, true), "{err}");

    // Somebody whose groups give nothing.
    let mut eve = Browser::new();
    let (_, status, page) = eve.sign_in(&reeve, "eve").await;
    assert_eq!((status, page.contains("no-role")), (403, true), "{page}");
    assert_eq!(eve.session(&reeve), None);

    // A job of the CI system, without a secret of ours.
    let rule = [
        "workload",
        "add",
        "deploys",
        "--issuer",
        &issuer,
        "--audience",
        "https://reeve.example",
        "--claim",
        "repository=acme/app",
        "--claim",
        "environment=prod",
        "--can",
        "grants:write",
        "--realm",
        "red",
    ];
    let (code, _, err) = reeve.cli(&rule).await;
    assert_eq!(code, 0, "{err}");
    let own = job_token(&issuer, "https://reeve.example").await;
    std::fs::write(dir.path().join("id-token"), &own).expect("written");
    let file = format!("{home}/id-token");
    let (code, token, err) = cli(&reeve, "", home, &["workload", "exchange", "--id-token-file", &file]).await;
    assert_eq!(code, 0, "{err}");
    let token = token.trim();
    let (code, _, err) = cli(&reeve, token, home, &["revoke", "small", "red", "--wait"]).await;
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = cli(&reeve, token, home, &["realm", "rm", "red"]).await;
    assert_eq!((code, err.contains("realms:write")), (8, true), "{err}");
    let (code, _, err) = cli(&reeve, "", home, &["workload", "exchange", "--id-token-file", &file]).await;
    assert_eq!((code, err.contains("exchanged before")), (8, true), "{err}");
    let theirs = job_token(&issuer, "https://other.example").await;
    let refused = json!({ "token": theirs });
    let answer = reeve.api.call(Method::POST, "/api/auth/workload", Some(refused), &[]).await;
    assert_eq!((answer.status, &answer.body["code"]), (401, &json!("bad-identity-token")));
}

/// What the CI system gives a job.
async fn job_token(issuer: &str, audience: &str) -> String {
    let form = format!("grant_type=client_credentials&resource={audience}");
    let request =
        Client::new().post(format!("{issuer}/token")).basic_auth("ci", Some("ci-client-secret-0123456789"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
