//! Several LiteLLM instances on one database, as most fleets have them.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::time::{Duration, Instant};

use e2e::harness::{Agent, Database, Proxy, Reeve, ReeveOptions, eventually};
use proxy_sim::{Lag, SimConfig};
use reqwest::Method;
use serde_json::json;

/// A second instance follows within this, simulated; a real one needs LiteLLM's own 60 s.
const LAG: u32 = 4;

/// A proxy of two instances, the address of the second, and how long it may lag behind.
async fn pairs() -> Vec<(Proxy, String, u32)> {
    let lag = Lag { models_ms: 1000, auth_ms: LAG * 1000 };
    let config = SimConfig { instances: vec![lag, lag], ..SimConfig::default() };
    let simulated = Proxy::simulated_with(config).await;
    let peer = simulated.sim.as_ref().and_then(|sim| sim.instance_url(1)).expect("a second instance");
    let mut pairs = vec![(simulated, peer, LAG)];
    if let (Some(real), Ok(peer)) = (Proxy::real(), std::env::var("REEVE_TEST_LITELLM_PEER_URL")) {
        pairs.push((real, peer, 60));
    }
    pairs
}

/// Reeve speaks to one instance; the agents' calls go to the other, which goes on serving a revoked right from its cache.
#[tokio::test(flavor = "multi_thread")]
async fn g2_done_is_never_said_while_another_instance_serves() {
    for (proxy, peer, lag) in pairs().await {
        eprintln!("two instances of the {}", proxy.name);
        let database = Database::create().await;
        let options = ReeveOptions::on(&database).with_proxy(&proxy);
        let reeve = Reeve::start(options.set("LITELLM_CACHE_LAG_SECONDS", &lag.to_string())).await;
        let model = json!({
            "name": "shared", "provider": "openai", "modelId": "fake-model", "baseUrl": proxy.upstream_url,
            "apiKey": "sk-provider-0123456789", "everywhere": true,
        });
        reeve.api.converge(Method::POST, "/api/models", Some(model)).await;
        reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
        let grant = json!({ "realmId": "red" });
        reeve.api.converge(Method::POST, "/api/models/openai%2Fshared/realms", Some(grant)).await;
        let agent = Agent::enroll(&reeve.api, &["red"]).await;
        let (code, key, err) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
        assert_eq!(code, 0, "{err}");
        let serves = || async { proxy.chat_at(&peer, &key, "openai/shared").await.0 == 200 };
        eventually("the second instance has the model", || async { serves().await.then_some(()) }).await;

        let revoked =
            reeve.api.call(Method::DELETE, "/api/models/openai%2Fshared/realms/red", None, &[]).await;
        let revision = revoked.revision();
        assert_eq!(revoked.ok()["state"], "revoking");
        let (began, mut served_for) = (Instant::now(), Duration::ZERO);
        let receipt = loop {
            let receipt = reeve.api.get(&format!("/api/changes/{revision}")).await;
            let done = receipt["state"] == "converged";
            if serves().await {
                assert!(
                    !done,
                    "said to be done after {:?}, and the other instance serves it",
                    began.elapsed()
                );
                served_for = began.elapsed();
            }
            if done {
                break receipt;
            }
            assert!(
                began.elapsed() < Duration::from_secs(u64::from(lag) + 60),
                "it is never done: {receipt}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        eprintln!("served by the other for {served_for:?}, done after {:?}", began.elapsed());
        assert!(
            served_for > Duration::from_secs(1),
            "the other instance did serve it, or this shows nothing"
        );
        assert!(receipt.to_string().contains("\"answer\":\"refused\""), "{receipt}");
        reeve.api.call(Method::DELETE, "/api/proxies/default", None, &[]).await.ok();
        eventually("nothing of this test is left on the proxy", || async {
            (reeve.api.call(Method::GET, "/api/proxies/default", None, &[]).await.status == 404).then_some(())
        })
        .await;
    }
}

/// Agents go where they are told without a call that fails: away from a proxy that drains, back, and to another when the
/// placement of their realm says so. One of the two is real where there is a real one.
#[tokio::test(flavor = "multi_thread")]
async fn agents_move_between_proxies_without_a_failed_call() {
    let here = Proxy::simulated().await;
    let there = match Proxy::real() {
        Some(real) => real,
        None => Proxy::simulated().await,
    };
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database)).await;
    for (name, proxy) in [("here", &here), ("there", &there)] {
        let body = json!({
            "name": name, "baseUrl": proxy.url, "masterKey": proxy.master_key, "cacheLagSeconds": 0,
            "labels": { "region": name },
        });
        reeve.api.post("/api/proxies", body).await;
    }
    let model = json!({
        "name": "moving", "provider": "openai", "modelId": "fake-model", "baseUrl": there.upstream_url,
        "apiKey": "sk-provider-0123456789",
    });
    reeve.api.converge(Method::POST, "/api/models", Some(model)).await;
    reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
    let grant = json!({ "realmId": "red" });
    reeve.api.converge(Method::POST, "/api/models/openai%2Fmoving/realms", Some(grant)).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let (code, key, err) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
    assert_eq!(code, 0, "{err}");
    let _running = agent.run();
    agent
        .settled(&reeve.api, "the agent runs its document", |page| page["connection"]["connected"] == true)
        .await;

    // What it runs now; every look makes a call, and every call must succeed.
    let document = format!("/api/agents/{}/llm-config", agent.did);
    let calls_until = async |what: &str, url: &str| {
        eventually(what, || async {
            let config = reeve.api.get(&document).await["config"].clone();
            let base =
                config["baseUrl"].as_str().expect("a config, at any time").trim_end_matches("/v1").to_owned();
            let (status, body) = here.chat_at(&base, &key, "openai/moving").await;
            assert_eq!(status, 200, "{what}: {body}");
            (base == url).then_some(())
        })
        .await;
        agent.settled(&reeve.api, what, |page| page["connection"]["connected"] == true).await;
    };
    calls_until("the first by name", &here.url).await;
    let state =
        |state: &str| reeve.api.converge(Method::PATCH, "/api/proxies/here", Some(json!({ "state": state })));
    state("draining").await;
    calls_until("away from one that drains", &there.url).await;
    assert_eq!(here.chat(&key, "openai/moving").await.0, 200, "who was not told yet is still served");
    state("active").await;
    calls_until("back", &here.url).await;

    let placement = json!({ "placement": [{ "region": "there" }] });
    reeve.api.call(Method::PATCH, "/api/realms/red", Some(placement), &[]).await.ok();
    calls_until("to where the realm is served now", &there.url).await;
    eventually("the proxy that it left is emptied", || async {
        let call = here.chat(&key, "openai/moving").await.0;
        let config = reeve.api.get(&document).await["config"].clone();
        assert_eq!(config["endpoints"].as_array().map(Vec::len), Some(1));
        (call == 401).then_some(())
    })
    .await;
    calls_until("and stays there", &there.url).await;

    reeve.api.call(Method::DELETE, "/api/proxies/there", None, &[]).await.ok();
    eventually("nothing of this test is left on the other", || async {
        (reeve.api.call(Method::GET, "/api/proxies/there", None, &[]).await.status == 404).then_some(())
    })
    .await;
}

/// A program with the `openai` package loses at most the call that is under way when its proxy dies, though the control plane
/// notices only seconds later.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_proxy_costs_the_calls_in_flight_and_no_other() {
    let there = match Proxy::real() {
        Some(real) => real,
        None => Proxy::simulated().await,
    };
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let here = format!("http://127.0.0.1:{port}");
    let mut command = tokio::process::Command::new(e2e::harness::binary("proxy-sim"));
    let mut dying =
        e2e::harness::Process::start("proxy-sim", command.args(["--listen", &format!("127.0.0.1:{port}")]));
    dying.stdout_has("its address", |out| out.contains("instance 0").then_some(())).await;

    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database)).await;
    for (name, url, key) in
        [("here", &here, "sk-master-1234"), ("there", &there.url, there.master_key.as_str())]
    {
        let body = json!({ "name": name, "baseUrl": url, "masterKey": key, "cacheLagSeconds": 0 });
        reeve.api.post("/api/proxies", body).await;
    }
    let model = json!({
        "name": "lost", "provider": "openai", "modelId": "fake-model", "baseUrl": there.upstream_url,
        "apiKey": "sk-provider-0123456789",
    });
    reeve.api.post("/api/models", model).await;
    let realm = json!({ "name": "Red", "placement": [{ "name": "here" }, { "name": "there" }] });
    reeve.api.post("/api/realms", realm).await;
    let grant = json!({ "realmId": "red" });
    reeve.api.converge(Method::POST, "/api/models/openai%2Flost/realms", Some(grant)).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let (_serving, url, token) = agent.serve().await;
    agent
        .settled(&reeve.api, "the agent runs its document", |page| page["wanted"]["progress"] == "applied")
        .await;

    let python = std::env::var("REEVE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = tokio::process::Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tour/keep_asking.py"));
    command.env("CONFIG_URL", format!("{url}/config")).env("CONFIG_TOKEN", token);
    let mut program = e2e::harness::Process::start("keep_asking.py", &mut command);
    let answered =
        |out: &str, base: &str| (out.matches(&format!("answered by {base}/")).count() >= 20).then_some(());
    program.stdout_has("calls at the first", |out| answered(out, &here)).await;
    dying.kill().await;
    program.stdout_has("calls at the second", |out| answered(out, &there.url)).await;
    let out = program.stdout();
    let disturbed = out.lines().filter(|l| l.starts_with("answered") && !l.ends_with("attempt 1")).count();
    assert!(disturbed <= 1, "one program has one call in flight:\n{out}");
    assert_eq!(out.matches("the call failed").count(), 0, "{out}");

    reeve.api.call(Method::DELETE, "/api/proxies/here?force=true", None, &[]).await.ok();
    reeve.api.call(Method::DELETE, "/api/proxies/there", None, &[]).await.ok();
    eventually("nothing of this test is left on the other", || async {
        (reeve.api.call(Method::GET, "/api/proxies/there", None, &[]).await.status == 404).then_some(())
    })
    .await;
}
