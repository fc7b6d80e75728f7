//! The proxies a test runs against: the simulator always, a real LiteLLM where the environment names one.

use proxy_sim::{Sim, SimConfig};

use super::Upstream;

/// A LiteLLM, real or simulated, and an upstream that answers its calls.
pub struct Proxy {
    pub name: &'static str,
    pub url: String,
    pub master_key: String,
    /// `.../v1` of the upstream that models are registered with.
    pub upstream_url: String,
    /// The simulator's handle; `None` for a real one.
    pub sim: Option<Sim>,
    _upstream: Option<Upstream>,
}

impl Proxy {
    pub async fn simulated() -> Self {
        Self::simulated_with(SimConfig::default()).await
    }

    pub async fn simulated_with(config: SimConfig) -> Self {
        let upstream = Upstream::start().await;
        let sim = Sim::start(config).await.expect("the simulator starts");
        Self {
            name: "simulator",
            url: sim.url(),
            master_key: sim.master_key().to_owned(),
            upstream_url: upstream.url(),
            sim: Some(sim),
            _upstream: Some(upstream),
        }
    }

    /// The real LiteLLM that `REEVE_TEST_LITELLM_URL` names.
    pub fn real() -> Option<Self> {
        let url = std::env::var("REEVE_TEST_LITELLM_URL").ok().filter(|u| !u.is_empty())?;
        let master_key = std::env::var("REEVE_TEST_LITELLM_MASTER_KEY")
            .expect("REEVE_TEST_LITELLM_MASTER_KEY goes with the URL");
        let upstream_url = std::env::var("REEVE_TEST_UPSTREAM_URL")
            .unwrap_or_else(|_| "http://127.0.0.1:9900/v1".to_owned());
        Some(Self { name: "LiteLLM", url, master_key, upstream_url, sim: None, _upstream: None })
    }

    pub fn sim(&self) -> proxy_sim::SimState {
        self.sim.as_ref().expect("this test needs the simulator").state()
    }

    /// What the proxy answers a chat request of this key for this model: status and body.
    pub async fn chat(&self, key: &str, model: &str) -> (u16, serde_json::Value) {
        self.chat_at(&self.url, key, model).await
    }

    /// The same of another address of it: a second instance, a front.
    pub async fn chat_at(&self, url: &str, key: &str, model: &str) -> (u16, serde_json::Value) {
        let answer = reqwest::Client::new()
            .post(format!("{url}/v1/chat/completions"))
            .bearer_auth(key)
            .json(&serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": "ping" }] }))
            .send()
            .await
            .expect("the proxy answers");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// A management read with the master key.
    pub async fn admin_get(&self, path: &str) -> serde_json::Value {
        let answer = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.master_key)
            .send()
            .await;
        answer.expect("the proxy answers").json().await.unwrap_or_default()
    }
}

/// The simulator, and the real one where there is one.
pub async fn proxies() -> Vec<Proxy> {
    let mut all = vec![Proxy::simulated().await];
    all.extend(Proxy::real());
    all
}
