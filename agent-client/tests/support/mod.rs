//! A control plane for tests: real HTTP and WebSocket, and nothing behind it. The test says what it answers.

#![allow(dead_code, reason = "every test binary uses another part of it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reeve_agent::protocol::{
    AgentDid, Detail, Document, Envelope, FromAgent, Hello, LlmConfigMessage, ProofClaims, ToAgent, Welcome,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The token that enrols and approves.
pub const TOKEN: &str = "enrol-marker-token";

/// How long a test waits for what must happen.
pub const LIMIT: Duration = Duration::from_mins(1);

/// Waits for a future, not for ever.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until a watched value fulfils a condition, and gives it.
pub async fn until<T: Clone>(
    what: &str,
    receiver: &mut watch::Receiver<T>,
    mut test: impl FnMut(&T) -> bool,
) -> T {
    soon(what, receiver.wait_for(|value| test(value))).await.unwrap().clone()
}

/// One answer to a session's upgrade other than a socket.
#[derive(Clone)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub retry_after: Option<&'static str>,
}

struct Shared {
    sessions: mpsc::UnboundedSender<Session>,
    refusals: Mutex<VecDeque<Refusal>>,
    refuse_all: Mutex<Option<Refusal>>,
    dials: watch::Sender<u32>,
    proofs: Mutex<Vec<String>>,
    origin: String,
    /// Ends every connection.
    kill: CancellationToken,
}

pub struct FakePlane {
    pub address: SocketAddr,
    sessions: mpsc::UnboundedReceiver<Session>,
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

/// One session, from the control plane's side.
pub struct Session {
    pub did: AgentDid,
    pub agent: mpsc::UnboundedReceiver<FromAgent>,
    plane: mpsc::UnboundedSender<Word>,
}

enum Word {
    Say(Box<ToAgent>),
    Text(String),
    Close(u16, &'static str),
    Drop,
}

impl FakePlane {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts on a given address, as after a restart.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, sessions) = mpsc::unbounded_channel();
        let kill = CancellationToken::new();
        let shared = Arc::new(Shared {
            sessions: sender,
            refusals: Mutex::default(),
            refuse_all: Mutex::default(),
            dials: watch::channel(0).0,
            proofs: Mutex::default(),
            origin: format!("http://{address}"),
            kill: kill.clone(),
        });
        let router = axum::Router::new()
            .route("/ws/agent", get(upgrade))
            .route("/api/agents/enroll", post(enroll))
            .with_state(Arc::clone(&shared));
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            let stop = kill.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                served = async { axum::serve(listener, router).await } => served.unwrap(),
            }
        });
        Self { address, sessions, shared, tasks }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses the next dial.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.shared.refusals.lock().unwrap().push_back(refusal);
    }

    /// Refuses every dial from now on, or none any more.
    pub fn refuse_all(&self, refusal: Option<Refusal>) {
        *self.shared.refuse_all.lock().unwrap() = refusal;
    }

    /// How often the socket was asked for.
    pub fn dials(&self) -> watch::Receiver<u32> {
        self.shared.dials.subscribe()
    }

    /// The next session, before its first word.
    pub async fn session(&mut self) -> Session {
        soon("a session", self.sessions.recv()).await.unwrap()
    }

    /// The next session with its hello, welcomed.
    pub async fn welcomed(&mut self) -> (Session, Hello) {
        let mut session = self.session().await;
        let hello = session.hello().await;
        session.welcome();
        (session, hello)
    }

    /// Ends every connection without a word, and the listener.
    pub async fn kill(self) -> SocketAddr {
        self.shared.kill.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.address
    }
}

impl Drop for FakePlane {
    fn drop(&mut self) {
        self.shared.kill.cancel();
    }
}

impl Session {
    pub fn say(&self, message: ToAgent) {
        // A session that is over is what the test finds out by what it waits for.
        let _ = self.plane.send(Word::Say(Box::new(message)));
    }

    pub fn say_text(&self, text: &str) {
        let _ = self.plane.send(Word::Text(text.to_owned()));
    }

    pub fn config(&self, message: &LlmConfigMessage) {
        self.say(ToAgent::LlmConfig(message.clone()));
    }

    pub fn close(&self, code: u16, reason: &'static str) {
        let _ = self.plane.send(Word::Close(code, reason));
    }

    /// Cuts the connection without a goodbye.
    pub fn cut(&self) {
        let _ = self.plane.send(Word::Drop);
    }

    pub fn welcome(&self) {
        self.say(ToAgent::Welcome(Welcome {
            protocol: 1,
            session_id: "018f3c2a-1111-7000-8000-000000000001".parse().unwrap(),
            epoch: 1,
            heartbeat_seconds: 1,
            capabilities: vec![],
            did: self.did.clone(),
            name: "test-agent".into(),
        }));
    }

    /// The next word that is not a heartbeat.
    pub async fn heard(&mut self) -> FromAgent {
        loop {
            match soon("a word of the agent", self.agent.recv()).await.unwrap() {
                FromAgent::Heartbeat(_) => {}
                other => return other,
            }
        }
    }

    pub async fn hello(&mut self) -> Hello {
        match self.heard().await {
            FromAgent::Hello(hello) => hello,
            other => panic!("expected hello, got {other:?}"),
        }
    }

    pub async fn status(&mut self) -> reeve_agent::protocol::LlmConfigStatus {
        match self.heard().await {
            FromAgent::LlmConfigStatus(status) => status,
            other => panic!("expected a status, got {other:?}"),
        }
    }

    /// Waits until the agent has gone.
    pub async fn gone(&mut self) {
        while soon("the end of the session", self.agent.recv()).await.is_some() {}
    }
}

/// An active document.
pub fn active(version: i64, key: &str) -> LlmConfigMessage {
    let config = serde_json::json!({
        "provider": "openai-compatible",
        "model": "openai/gpt-4o",
        "baseUrl": "https://llm.example/v1",
        "apiKey": key,
        "keyGeneration": version,
    });
    LlmConfigMessage::new(
        version,
        Document::Active(Box::new(serde_json::from_value(config).unwrap())),
        "grant",
    )
}

pub fn unavailable(version: i64) -> LlmConfigMessage {
    let detail = Detail { code: "no-grant".into(), message: "No realm of this agent has a grant.".into() };
    LlmConfigMessage::new(version, Document::Unavailable(detail), "revoke")
}

pub fn env(version: i64) -> LlmConfigMessage {
    LlmConfigMessage::new(version, Document::Env, "mode")
}

fn problem(status: u16, code: &str) -> Response {
    let body = serde_json::json!({
        "type": "about:blank", "title": "Refused", "status": status, "code": code,
        "detail": format!("refused with {code}"), "requestId": "req-1",
    });
    let headers = [("content-type", "application/problem+json")];
    (StatusCode::from_u16(status).unwrap(), headers, body.to_string()).into_response()
}

/// Checks a proof as the control plane does.
fn check(shared: &Shared, proof: &str) -> Result<AgentDid, String> {
    let claims: ProofClaims =
        jsonwebtoken::dangerous::insecure_decode(proof).map_err(|e| e.to_string())?.claims;
    let did = AgentDid::parse(&claims.iss).map_err(|e| e.to_string())?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[&shared.origin]);
    let key = DecodingKey::from_ed_der(&did.public_key());
    let claims =
        jsonwebtoken::decode::<ProofClaims>(proof, &key, &validation).map_err(|e| e.to_string())?.claims;
    let did = claims.check(claims.iat, 0).map_err(|e| e.to_string())?;
    let mut proofs = shared.proofs.lock().unwrap();
    if proofs.contains(&claims.jti) {
        return Err("replayed".into());
    }
    proofs.push(claims.jti);
    Ok(did)
}

async fn enroll(State(shared): State<Arc<Shared>>, Json(body): Json<serde_json::Value>) -> Response {
    let did = match check(&shared, body["proof"].as_str().unwrap_or_default()) {
        Ok(did) => did,
        Err(error) => return problem(401, &error),
    };
    let (status, realms) = match body["token"].as_str() {
        Some(TOKEN) => ("approved", serde_json::json!(["research"])),
        None => ("pending", serde_json::json!([])),
        Some(_) => return problem(401, "token-expired"),
    };
    let body = serde_json::json!({ "did": did, "name": body["name"], "status": status, "realms": realms });
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    shared.dials.send_modify(|dials| *dials += 1);
    let next = shared.refusals.lock().unwrap().pop_front();
    let all = shared.refuse_all.lock().unwrap().clone();
    if let Some(refusal) = next.or(all) {
        let mut response = problem(refusal.status, refusal.code);
        if let Some(after) = refusal.retry_after {
            response.headers_mut().insert("retry-after", after.parse().unwrap());
        }
        return response;
    }
    let proof = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match check(&shared, proof.unwrap_or_default()) {
        Ok(did) => socket.on_upgrade(move |socket| serve(shared, did, socket)),
        Err(error) => problem(401, &error),
    }
}

async fn serve(shared: Arc<Shared>, did: AgentDid, mut socket: WebSocket) {
    let (agent_sender, agent) = mpsc::unbounded_channel();
    let (plane, mut words) = mpsc::unbounded_channel();
    if shared.sessions.send(Session { did, agent, plane }).is_err() {
        return;
    }
    loop {
        tokio::select! {
            () = shared.kill.cancelled() => return,
            word = words.recv() => match word {
                Some(Word::Say(message)) => {
                    let text = Envelope::new("m", "2026-11-20T10:00:00Z".parse().unwrap(), *message).encode().unwrap();
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Word::Text(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Word::Close(code, reason)) => {
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
                }
                Some(Word::Drop) | None => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let message = Envelope::<FromAgent>::decode(&text).unwrap().message;
                    if let FromAgent::Heartbeat(_) = &message {
                        let pong = ToAgent::Pong(reeve_agent::protocol::Empty {});
                        let text = Envelope::new("p", "2026-11-20T10:00:00Z".parse().unwrap(), pong).encode().unwrap();
                        if socket.send(Message::text(text)).await.is_err() {
                            return;
                        }
                    }
                    let _ = agent_sender.send(message);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}
