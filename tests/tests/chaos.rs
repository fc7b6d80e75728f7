//! Replicas and proxies die at random under a stream of grants and revokes; at the end everything is as it was decided, and
//! at no time was a right served that was said to be gone, or did a version go back.
//!
//! `REEVE_TEST_CHAOS_SECONDS` (60) and `REEVE_TEST_CHAOS_SEED` say how long and which story; the seed is printed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; nobody waits for its tasks"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use e2e::harness::{Api, Balancer, Database, Proxy, Reeve, ReeveOptions, eventually, eventually_or};
use proxy_sim::{Fault, Rule};
use reeve_agent::{
    AgentConfigState, AgentOptions, ControlPlaneUrl, ReeveAgent, StateDir, protocol::Document,
};
use reqwest::Method;
use serde_json::{Value, json};

const MODELS: [&str; 3] = ["alpha", "beta", "gamma"];
/// Shared keys everywhere; own keys everywhere; shared keys on the first proxy alone.
const REALMS: [&str; 3] = ["red", "blue", "green"];
const AGENTS: usize = 9;

/// A small, fixed generator (SplitMix64): the same seed is the same story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("small")
    }
}

/// An agent in this process, and what it was told so far.
struct Watched {
    did: String,
    realm: &'static str,
    seen: Arc<Mutex<Seen>>,
    agent: ReeveAgent,
    _dir: tempfile::TempDir,
}

#[derive(Default)]
struct Seen {
    version: i64,
    keys: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Watched {
    async fn start(api: &Api, realm: &'static str) -> Self {
        let token = api.post("/api/enrollment-tokens", json!({ "realmIds": [realm] })).await;
        let dir = tempfile::TempDir::new().expect("a folder");
        let url = ControlPlaneUrl::parse(&api.url).expect("a URL");
        let state = StateDir::open(dir.path()).expect("a directory");
        let identity = state.load_or_create_identity().expect("an identity");
        reeve_agent::enroll(&url, &identity, "chaos", token["token"].as_str()).await.expect("enrolled");
        let did = identity.did().to_string();
        let agent = ReeveAgent::connect(AgentOptions::new(url, identity, state)).await.expect("an agent");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (mut configs, noted) = (agent.configs(), Arc::clone(&seen));
        tokio::spawn(async move {
            while configs.changed().await.is_ok() {
                let state = configs.borrow_and_update().clone();
                let AgentConfigState::Current(current) = &*state else { continue };
                let mut seen = noted.lock().expect("not poisoned");
                if current.version < seen.version {
                    let text = format!("version {} after {}", current.version, seen.version);
                    seen.wrong.push(text);
                }
                seen.version = current.version;
                if let Document::Active(config) = &current.document {
                    seen.keys.insert(config.api_key.expose().to_owned());
                }
            }
        });
        Self { did, realm, seen, agent, _dir: dir }
    }
}

struct Chaos {
    api: Api,
    replicas: Vec<Reeve>,
    proxies: Vec<Proxy>,
    agents: Vec<Watched>,
    dice: Dice,
    /// What was acknowledged: model and realm.
    granted: BTreeSet<(&'static str, &'static str)>,
    frozen: BTreeSet<&'static str>,
    faults: BTreeMap<usize, (u64, Instant)>,
    /// Logs of replicas that were killed.
    logs: String,
    calls: usize,
    proven: usize,
}

impl Chaos {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.dice.roll(from.len())]
    }

    /// Asks until there is an answer, under one idempotency key: whatever dies meanwhile, it is done once.
    async fn write(&mut self, method: Method, path: &str, body: Option<Value>) -> u16 {
        self.calls += 1;
        let key = format!("chaos-{}", self.calls);
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let headers = [("idempotency-key", key.as_str())];
            let headers = if method == Method::POST { &headers[..] } else { &[] };
            match self.api.try_call(method.clone(), path, body.clone(), headers).await {
                Ok(answer) if answer.status < 500 && answer.status != 409 => return answer.status,
                Ok(answer) if answer.status == 500 => panic!("{method} {path}: {}", answer.text),
                // Busy, going away, or the first try still running.
                Ok(_) | Err(_) => {}
            }
            assert!(Instant::now() < deadline, "{method} {path} is never answered");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn decide(&mut self) {
        let (model, realm) = (self.pick(&MODELS), self.pick(&REALMS));
        match self.dice.roll(10) {
            0..=3 => {
                let status = self
                    .write(
                        Method::POST,
                        &format!("/api/models/{model}/realms"),
                        Some(json!({ "realmId": realm })),
                    )
                    .await;
                assert!([200, 201].contains(&status), "grant: {status}");
                self.granted.insert((model, realm));
            }
            4..=6 => {
                let path = format!("/api/models/{model}/realms/{realm}");
                let status = self.write(Method::DELETE, &path, None).await;
                assert!([200, 404].contains(&status), "revoke: {status}");
                self.granted.remove(&(model, realm));
            }
            7 => {
                let at_once = self.dice.roll(2) == 0;
                let path = format!("/api/realms/{realm}/keys/rotate");
                // 409: it has no key yet, and is not asked again.
                let body = Some(json!({ "atOnce": at_once }));
                let _ = self.api.try_call(Method::POST, &path, body, &[]).await;
            }
            8 => {
                let n = self.dice.roll(self.agents.len());
                let (did, realm) = (self.agents[n].did.clone(), self.agents[n].realm);
                let left =
                    self.write(Method::DELETE, &format!("/api/realms/{realm}/agents/{did}"), None).await;
                assert!([200, 404].contains(&left), "leave: {left}");
                let joined = self
                    .write(Method::POST, &format!("/api/realms/{realm}/agents"), Some(json!({ "did": did })))
                    .await;
                assert!([200, 201].contains(&joined), "join: {joined}");
            }
            _ if self.frozen.contains(realm) => {
                let status = self.write(Method::DELETE, &format!("/api/freezes/realm/{realm}"), None).await;
                assert!([200, 404].contains(&status), "unfreeze: {status}");
                self.frozen.remove(realm);
            }
            _ => {
                let body = json!({ "kind": "realm", "name": realm, "reason": "chaos" });
                let status = self.write(Method::POST, "/api/freezes", Some(body)).await;
                assert!([200, 201].contains(&status), "freeze: {status}");
                self.frozen.insert(realm);
            }
        }
    }

    async fn trouble(&mut self) {
        let now = Instant::now();
        let over: Vec<usize> = self.faults.iter().filter(|(_, f)| f.1 <= now).map(|(n, _)| *n).collect();
        for n in over {
            let (rule, _) = self.faults.remove(&n).expect("it is there");
            self.proxies[n].sim().remove_fault(rule);
        }
        let n = self.dice.roll(2);
        match self.dice.roll(6) {
            0 => self.end(n, "KILL").await,
            1 => self.end(n, "TERM").await,
            2..=4 if !self.faults.contains_key(&n) => {
                let fault = self.pick(&[0, 1, 2, 3]);
                let fault = match fault {
                    0 => Fault::Reset,
                    1 => Fault::Paused,
                    2 => Fault::ResponseLost,
                    _ => Fault::SavedBut500,
                };
                let lasts = Duration::from_millis(500 * (1 + self.dice.roll(8) as u64));
                let rule = self.proxies[n].sim().fault(Rule::new(fault));
                self.faults.insert(n, (rule, now + lasts));
            }
            _ => {}
        }
    }

    /// Ends a replica and starts it again on its address.
    async fn end(&mut self, n: usize, signal: &str) {
        let replica = &mut self.replicas[n];
        replica.process.signal(signal);
        replica.process.wait().await;
        let _ = write!(self.logs, "{}", replica.process.stderr());
        replica.restart().await;
    }

    /// What is said to be gone is refused, everywhere, to every key of the realm that an agent ever had.
    async fn look(&mut self) {
        let (model, realm) = (self.pick(&MODELS), self.pick(&REALMS));
        if self.granted.contains(&(model, realm)) {
            return;
        }
        let Ok(answer) =
            self.api.try_call(Method::GET, &format!("/api/models/{model}/realms/{realm}"), None, &[]).await
        else {
            return;
        };
        if answer.status != 404 {
            return;
        }
        for proxy in &self.proxies {
            for key in self.keys(realm) {
                let body = json!({ "model": format!("openai/{model}"), "messages": [{ "role": "user", "content": "ping" }] });
                let call = reqwest::Client::new()
                    .post(format!("{}/v1/chat/completions", proxy.url))
                    .bearer_auth(key);
                let call = call.timeout(Duration::from_secs(2)).json(&body).send();
                if let Ok(answer) = call.await {
                    assert_ne!(answer.status(), 200, "{model} is said to be taken from {realm}");
                    self.proven += 1;
                }
            }
        }
    }

    fn keys(&self, realm: &str) -> BTreeSet<String> {
        let of_realm = self.agents.iter().filter(|a| a.realm == realm);
        of_realm.flat_map(|a| a.seen.lock().expect("not poisoned").keys.clone()).collect()
    }

    /// What either side says of an agent, for whoever must find out why it is not what it should be.
    async fn state(&self, agent: &Watched) -> String {
        let mut text = format!("the agent says: {:?}\n", agent.agent.status());
        for path in ["", "/llm-config"] {
            let path = format!("/api/agents/{}{path}", agent.did);
            let _ = writeln!(text, "{path}: {:#}", self.api.get(&path).await);
        }
        let _ = writeln!(text, "/api/work: {:#}", self.api.get("/api/work").await);
        for replica in &self.replicas {
            let log = replica.process.stderr();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(50)..].join("\n");
            let _ = writeln!(text, "the last lines of {}:\n{tail}", replica.api.url);
        }
        text
    }

    /// Everything is back; it comes to rest, and is what was decided.
    async fn converges(&mut self) {
        for (n, (rule, _)) in std::mem::take(&mut self.faults) {
            self.proxies[n].sim().remove_fault(rule);
        }
        for realm in std::mem::take(&mut self.frozen) {
            self.write(Method::DELETE, &format!("/api/freezes/realm/{realm}"), None).await;
        }
        eventually("the queue is empty", || async {
            let work = self.api.get("/api/work").await;
            (work["items"] == json!([])).then_some(())
        })
        .await;
        for agent in &self.agents {
            let look = || async {
                let page = self.api.get(&format!("/api/agents/{}", agent.did)).await;
                (page["connection"]["connected"] == true && page["running"]["hash"] == page["wanted"]["hash"])
                    .then_some(())
            };
            eventually_or("the agent is connected and runs what it should", look, || self.state(agent)).await;
        }
        for realm in REALMS {
            let mut held = BTreeSet::new();
            for model in MODELS {
                let grants = self.api.get(&format!("/api/models/{model}/realms")).await;
                let active = |g: &&Value| g["realmSlug"] == realm && g["state"] == "active";
                if grants["items"].as_array().expect("grants").iter().any(|g| active(&g)) {
                    held.insert(format!("openai/{model}"));
                }
            }
            let wish: BTreeSet<String> = self
                .granted
                .iter()
                .filter(|(_, r)| *r == realm)
                .map(|(m, _)| format!("openai/{m}"))
                .collect();
            assert_eq!(held, wish, "no acknowledged write of {realm} is lost");
            let rest = eventually("replaced keys are gone", || async {
                let keys = self.api.get(&format!("/api/realms/{realm}/keys")).await;
                let keys = keys["items"].as_array().expect("keys").clone();
                keys.iter().all(|k| k["state"] == "current").then_some(keys)
            })
            .await;
            for (n, proxy) in self.proxies.iter().enumerate() {
                let placed = n == 0 || realm != "green";
                let sim = proxy.sim();
                let part = format!(":{realm}:");
                eventually("only the keys of the registry are there", || async {
                    let there = sim
                        .keys()
                        .iter()
                        .filter(|k| k["key_alias"].as_str().is_some_and(|a| a.contains(&part)))
                        .count();
                    (there == if placed { rest.len() } else { 0 }).then_some(())
                })
                .await;
                let team = sim
                    .teams()
                    .into_iter()
                    .find(|t| t["team_alias"].as_str().is_some_and(|a| a.ends_with(&format!(":{realm}"))));
                let Some(team) = team else {
                    assert!(!placed || wish.is_empty(), "{realm} has its team");
                    continue;
                };
                let list: BTreeSet<String> = team["models"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .filter_map(|m| m.as_str().filter(|m| *m != "no-default-models").map(str::to_owned))
                    .collect();
                assert_eq!(list, wish, "{realm} on proxy {n}");
            }
        }
        for proxy in &self.proxies {
            let stray = proxy
                .sim()
                .keys()
                .into_iter()
                .filter(|k| k["key_alias"].as_str().is_none_or(|a| !a.starts_with("reeve:")));
            assert_eq!(stray.count(), 0, "no unknown key");
        }
        for agent in &self.agents {
            assert_eq!(
                agent.seen.lock().expect("not poisoned").wrong,
                Vec::<String>::new(),
                "no version goes back"
            );
        }
        for replica in &self.replicas {
            let _ = write!(self.logs, "{}", replica.process.stderr());
        }
        for bad in ["panicked", "deadlock detected", "\"a request failed\""] {
            let lines: Vec<&str> = self.logs.lines().filter(|l| l.contains(bad)).take(3).collect();
            assert!(lines.is_empty(), "{bad}: {lines:#?}");
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}: {e}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_ends_converged() {
    let seed = number("REEVE_TEST_CHAOS_SEED", 1);
    let lasts = Duration::from_secs(number("REEVE_TEST_CHAOS_SECONDS", 60));
    println!("chaos: seed {seed}, {} s", lasts.as_secs());
    let database = Database::create().await;
    let balancer = Balancer::bind().await;
    let proxies = vec![Proxy::simulated().await, Proxy::simulated().await];
    let options = ReeveOptions::on(&database).set("REEVE_PUBLIC_URL", &balancer.url);
    // The log of a long story is long.
    let options = options.set("REEVE_LOG", "warn");
    let replicas = vec![Reeve::start(options.clone()).await, Reeve::start(options).await];
    let addresses = replicas.iter().map(|r| r.api.url.trim_start_matches("http://").to_owned()).collect();
    let api = Api::new(&balancer.url, &replicas[0].api.token);
    balancer.serve(addresses);
    for (name, proxy) in ["one", "two"].into_iter().zip(&proxies) {
        let body = json!({ "name": name, "baseUrl": proxy.url, "masterKey": proxy.master_key, "cacheLagSeconds": 0 });
        api.post("/api/proxies", body).await;
    }
    for model in MODELS {
        let body = json!({ "name": model, "provider": "openai", "modelId": "gpt-4o", "apiKey": "sk-provider-0123456789" });
        api.post("/api/models", body).await;
    }
    for realm in REALMS {
        let scope = if realm == "blue" { "agent" } else { "realm" };
        let placement = if realm == "green" { json!([{ "name": "one" }]) } else { json!([]) };
        api.post("/api/realms", json!({ "name": realm, "keyScope": scope, "placement": placement })).await;
    }
    let mut agents = Vec::new();
    for n in 0..AGENTS {
        agents.push(Watched::start(&api, REALMS[n % REALMS.len()]).await);
    }
    let mut chaos = Chaos {
        api,
        replicas,
        proxies,
        agents,
        dice: Dice(seed),
        granted: BTreeSet::new(),
        frozen: BTreeSet::new(),
        faults: BTreeMap::new(),
        logs: String::new(),
        calls: 0,
        proven: 0,
    };
    let until = Instant::now() + lasts;
    while Instant::now() < until {
        // Some seconds of work between two troubles, or nothing ever comes to be.
        let calm = Instant::now() + Duration::from_millis(1000 * (1 + chaos.dice.roll(4) as u64));
        while Instant::now() < calm {
            chaos.decide().await;
            chaos.look().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        chaos.trouble().await;
    }
    let keys: usize = REALMS.iter().map(|realm| chaos.keys(realm).len()).sum();
    println!(
        "chaos: {} writes, {keys} keys given out, {} refusals seen; coming to rest",
        chaos.calls, chaos.proven
    );
    chaos.converges().await;
    assert!(chaos.proven > 0, "what was taken away was asked for");
}
