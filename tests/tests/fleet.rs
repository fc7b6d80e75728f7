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
            "apiKey": "sk-provider-0123456789",
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
