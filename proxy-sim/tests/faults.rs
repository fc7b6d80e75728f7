//! Every fault, the log and the lag between instances, over real connections.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::time::Duration;

use proxy_sim::{Fault, Lag, Rule, Settings, Sim, SimConfig, SimState, hash};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde_json::{Value, json};

const KEY: &str = "sk-realm-key-0000000000001";

struct Proxy {
    sim: Sim,
    state: SimState,
    http: Client,
}

impl Proxy {
    async fn start() -> Self {
        Self::with(SimConfig::default()).await
    }

    async fn with(config: SimConfig) -> Self {
        let sim = Sim::start(config).await.expect("the simulator starts");
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().expect("a client");
        Self { state: sim.state(), sim, http }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.post_to(0, path, body)
    }

    fn post_to(&self, instance: usize, path: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}{path}", self.sim.instance_url(instance).expect("the instance"));
        self.http.post(url).bearer_auth(self.sim.master_key()).json(body)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.sim.url())).bearer_auth(self.sim.master_key())
    }

    fn new_team(&self, id: &str) -> RequestBuilder {
        self.post("/team/new", &json!({ "team_id": id }))
    }

    async fn add_model(&self, id: &str, name: &str) {
        let body = json!({
            "model_name": name,
            "litellm_params": { "model": "openai/x", "mock_response": "hello" },
            "model_info": { "id": id },
        });
        assert_eq!(status(self.post("/model/new", &body)).await, 200);
    }

    async fn add_key(&self, models: &[&str]) {
        assert_eq!(status(self.post("/key/generate", &json!({ "key": KEY, "models": models }))).await, 200);
    }

    /// A chat call with the realm's key.
    async fn chat(&self, instance: usize, model: &str) -> StatusCode {
        let url = format!("{}/v1/chat/completions", self.sim.instance_url(instance).expect("the instance"));
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
        self.http.post(url).bearer_auth(KEY).json(&body).send().await.expect("an answer").status()
    }
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.expect("an answer").status()
}

async fn body(request: RequestBuilder) -> Value {
    request.send().await.expect("an answer").json().await.expect("JSON")
}

/// Bounds a wait that a broken simulator would make endless.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("within a minute")
}

#[tokio::test]
async fn a_lost_request_is_not_done_and_a_lost_response_is() {
    let proxy = Proxy::start().await;
    proxy.state.fault(Rule::new(Fault::RequestLost).on("POST", "/team/new").once());
    assert!(proxy.new_team("a").send().await.is_err());
    assert_eq!(proxy.state.team("a"), None);
    proxy.state.fault(Rule::new(Fault::ResponseLost).writes().once());
    assert!(proxy.new_team("a").send().await.is_err());
    assert!(proxy.state.team("a").is_some());
    proxy.state.fault(Rule::new(Fault::Reset).once());
    assert!(proxy.new_team("b").send().await.is_err());
    assert_eq!(proxy.state.team("b"), None);
    let log = proxy.state.requests();
    assert_eq!(
        log.iter().map(|entry| (entry.status, entry.done)).collect::<Vec<_>>(),
        [(None, false), (None, true), (None, false),]
    );
    assert_eq!(status(proxy.new_team("b")).await, 200, "the faults are over");
}

#[tokio::test]
async fn a_saved_500_is_saved_and_a_refusal_is_not() {
    let proxy = Proxy::start().await;
    proxy.state.fault(Rule::new(Fault::SavedBut500).once());
    assert_eq!(status(proxy.new_team("a")).await, 500);
    assert!(proxy.state.team("a").is_some());
    proxy.state.fault(Rule::new(Fault::Refused { status: 429, retry_after: Some(7) }).once());
    let refused = proxy.new_team("b").send().await.expect("an answer");
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
    );
    proxy.state.fault(Rule::new(Fault::HtmlPage).once());
    let page = proxy.new_team("b").send().await.expect("an answer");
    assert_eq!(
        (page.status(), &page.headers()["content-type"]),
        (StatusCode::BAD_GATEWAY, &"text/html".parse().unwrap())
    );
    proxy.state.fault(Rule::new(Fault::Redirect { location: "http://127.0.0.1:1/".to_owned() }).once());
    assert_eq!(status(proxy.new_team("b")).await, 302);
    assert_eq!(proxy.state.team("b"), None);
}

#[tokio::test]
async fn a_paused_proxy_accepts_and_never_answers() {
    let proxy = Proxy::start().await;
    proxy.state.fault(Rule::new(Fault::Paused));
    let error = proxy.new_team("a").timeout(Duration::from_millis(200)).send().await.expect_err("no answer");
    assert!(error.is_timeout());
    assert_eq!(proxy.state.team("a"), None);
    proxy.state.clear_faults();
    assert_eq!(status(proxy.new_team("a")).await, 200);
}

#[tokio::test]
async fn the_kth_request_is_held_until_it_is_released() {
    let proxy = Proxy::start().await;
    proxy.state.fault(Rule::new(Fault::Hold { after: false }).writes().skip(1).once());
    assert_eq!(status(proxy.new_team("first")).await, 200);
    let second = async { status(proxy.new_team("second")).await };
    let release = async {
        soon(proxy.state.wait_for_held(1)).await;
        assert_eq!(proxy.state.team("second"), None, "held before it is done");
        let held = proxy.state.held();
        assert_eq!((held[0].path.as_str(), held[0].done), ("/team/new", false));
        assert!(proxy.state.release(held[0].seq));
    };
    let (answered, ()) = soon(async { tokio::join!(second, release) }).await;
    assert_eq!(answered, 200);

    proxy.state.fault(Rule::new(Fault::Hold { after: true }).once());
    let third = async { status(proxy.new_team("third")).await };
    let release = async {
        soon(proxy.state.wait_for_held(1)).await;
        assert!(proxy.state.team("third").is_some(), "done, only the answer is held");
        proxy.state.release_all();
    };
    assert_eq!(soon(async { tokio::join!(third, release) }).await.0, 200);
}

#[tokio::test]
async fn a_client_that_dies_while_held_leaves_nothing_behind() {
    let proxy = Proxy::start().await;
    proxy.state.fault(Rule::new(Fault::Hold { after: false }));
    assert!(proxy.new_team("a").timeout(Duration::from_millis(200)).send().await.is_err());
    soon(async {
        while !proxy.state.held().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    proxy.state.clear_faults();
    assert_eq!(proxy.state.team("a"), None);
}

#[tokio::test]
async fn writes_are_counted_and_bodies_stay_apart() {
    let proxy = Proxy::start().await;
    proxy.add_key(&["m"]).await;
    assert_eq!(status(proxy.get("/key/list")).await, 200);
    assert_eq!(proxy.chat(0, "n").await, 403);
    assert_eq!((proxy.state.requests().len(), proxy.state.writes()), (3, 1));
    let shown = body(proxy.get("/_sim/requests")).await;
    assert_eq!(shown["writes"], 1);
    assert!(!shown.to_string().contains(KEY));
    let sent = proxy.state.body(1).expect("the first body");
    assert!(String::from_utf8_lossy(&sent).contains(KEY));
    proxy.state.clear_requests();
    assert_eq!(proxy.state.writes(), 0);
}

#[tokio::test]
async fn the_same_handle_works_over_http() {
    let proxy = Proxy::start().await;
    let rule = json!({ "fault": { "kind": "refused", "status": 503 }, "path": "/team/*", "count": 1 });
    assert_eq!(body(proxy.post("/_sim/faults", &rule)).await["id"], 1);
    assert_eq!(status(proxy.new_team("a")).await, 503);
    assert_eq!(status(proxy.new_team("a")).await, 200);
    let hold = json!({ "fault": { "kind": "hold", "after": false } });
    assert_eq!(status(proxy.post("/_sim/faults", &hold)).await, 200);
    let held = async { status(proxy.new_team("b")).await };
    let release = async {
        soon(proxy.state.wait_for_held(1)).await;
        let seq = body(proxy.get("/_sim/held")).await["held"][0]["seq"].clone();
        body(proxy.post("/_sim/release", &json!({ "seq": seq }))).await
    };
    assert_eq!(
        soon(async { tokio::join!(held, release) }).await,
        (StatusCode::OK, json!({ "released": true }))
    );
    let delete = proxy.http.delete(format!("{}/_sim/faults", proxy.sim.url()));
    assert_eq!(status(delete.try_clone().expect("a copy")).await, 401);
    assert_eq!(status(delete.bearer_auth(proxy.sim.master_key())).await, 200);
    assert_eq!(status(proxy.post("/_sim/wipe", &json!({}))).await, 200);
    assert!(proxy.state.teams().is_empty());
    assert_eq!(status(proxy.post("/_sim/faults", &json!({ "fault": { "kind": "nope" } }))).await, 422);
}

#[tokio::test]
async fn a_second_instance_lags_by_its_caches() {
    let config = SimConfig { instances: vec![Lag::LITELLM, Lag::LITELLM], ..SimConfig::default() };
    let proxy = Proxy::with(config).await;
    proxy.add_model("m1", "m").await;
    proxy.add_key(&["m"]).await;
    // An unknown name makes the other instance read the database, and no key is cached as absent.
    assert_eq!((proxy.chat(0, "m").await, proxy.chat(1, "m").await), (StatusCode::OK, StatusCode::OK));
    let narrow = json!({ "key": hash(KEY), "models": ["no-default-models"] });
    assert_eq!(status(proxy.post("/key/update", &narrow)).await, 200);
    assert_eq!(proxy.chat(0, "m").await, 403, "the instance that wrote knows");
    assert_eq!(proxy.chat(1, "m").await, 200, "the other still has it cached");
    proxy.state.advance(Duration::from_secs(61));
    assert_eq!(proxy.chat(1, "m").await, 403);

    let widen = json!({ "key": hash(KEY), "models": ["m"] });
    assert_eq!(status(proxy.post("/key/update", &widen)).await, 200);
    assert_eq!(status(proxy.post("/model/delete", &json!({ "id": "m1" }))).await, 200);
    proxy.state.advance(Duration::from_secs(20));
    assert_eq!(
        (proxy.chat(0, "m").await, proxy.chat(1, "m").await),
        (StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN)
    );
    proxy.state.flush_caches();
    assert_eq!(proxy.chat(1, "m").await, 400);
}

#[tokio::test]
async fn a_database_wiped_under_a_running_proxy_shows_only_when_the_caches_end() {
    let proxy = Proxy::start().await;
    proxy.add_model("m1", "m").await;
    proxy.add_key(&["m"]).await;
    assert_eq!(proxy.chat(0, "m").await, 200);
    proxy.state.wipe_keeping_caches();
    assert_eq!(proxy.chat(0, "m").await, 200);
    assert_eq!(body(proxy.get("/health/readiness")).await["status"], "healthy");
    proxy.state.advance(Duration::from_secs(61));
    assert_eq!(proxy.chat(0, "m").await, 401);
}

#[tokio::test]
async fn an_unsupported_proxy_says_so_as_litellm_does() {
    let proxy = Proxy::start().await;
    let model =
        json!({ "model_name": "m", "litellm_params": { "model": "openai/x" }, "model_info": { "id": "i" } });
    proxy.state.set_settings(Settings { store_model_in_db: false, ..Settings::default() });
    let refused = body(proxy.post("/model/new", &model)).await;
    assert!(refused["error"]["message"].as_str().expect("a message").contains("STORE_MODEL_IN_DB"));
    proxy.state.set_settings(Settings { database: false, ..Settings::default() });
    assert_eq!(body(proxy.get("/health/readiness")).await["db"], "Not connected");
    assert_eq!(status(proxy.post("/model/new", &model)).await, 500);
    proxy.state.set_settings(old());
    assert_eq!(body(proxy.get("/health/readiness")).await["litellm_version"], "1.80.0");
    assert_eq!(status(proxy.get("/health/readiness/details")).await, 404);
}

fn old() -> Settings {
    Settings { version: "1.80.0".to_owned(), ..Settings::default() }
}

#[tokio::test]
async fn on_1_80_the_keys_of_a_deleted_team_are_served_from_the_cache() {
    let proxy = Proxy::with(SimConfig { settings: old(), ..SimConfig::default() }).await;
    proxy.add_model("m1", "m").await;
    assert_eq!(status(proxy.new_team("t")).await, 200);
    let key = json!({ "key": KEY, "models": ["m"], "team_id": "t" });
    assert_eq!(status(proxy.post("/key/generate", &key)).await, 200);
    assert_eq!(
        (proxy.chat(0, "m").await, proxy.chat(0, "n").await),
        (StatusCode::OK, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(status(proxy.post("/team/delete", &json!({ "team_ids": ["t"] }))).await, 200);
    assert_eq!(proxy.chat(0, "m").await, 200);
    assert_eq!(status(proxy.post("/key/delete", &json!({ "keys": [hash(KEY)] }))).await, 404);
    proxy.state.advance(Duration::from_secs(61));
    assert_eq!(proxy.chat(0, "m").await, 401);
}

#[tokio::test]
async fn a_dropped_simulator_refuses_connections() {
    let Proxy { sim, http, .. } = Proxy::start().await;
    let url = format!("{}/health/liveliness", sim.url());
    assert_eq!(status(http.get(&url)).await, 200);
    drop(sim);
    let refused = soon(async {
        loop {
            match http.get(&url).send().await {
                Err(error) if error.is_connect() => return error,
                _ => tokio::task::yield_now().await,
            }
        }
    });
    assert!(refused.await.is_connect());
}
