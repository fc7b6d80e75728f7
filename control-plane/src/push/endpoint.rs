//! `GET /ws/agent`: who may open a session. The proof is checked before the upgrade, so a refusal is an HTTP answer
//! with a problem document, and there is no anonymous socket. Under load it says when to come back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use reeve_protocol::SOCKET_PATH;
use serde_json::json;
use tokio::sync::SemaphorePermit;

use super::{
    Inner, Push,
    identity::{self, Proof},
    session::{
        Facts,
        task::{Place, Session},
        transport,
    },
};
use crate::{
    base::report,
    domain::{
        agent::{Agent, AgentStatus},
        error::{Error, Result},
    },
    store::{Conn, agents, sessions},
};

/// Waits are at least this, in seconds, and at most [`SPREAD`] more, so that those who were sent away do not come
/// back together.
const COME_BACK: u32 = 1;
const SPREAD: f64 = 10.0;

/// The route of the agent socket.
pub fn router(push: Push) -> Router {
    Router::new().route(SOCKET_PATH, get(connect)).with_state(push)
}

async fn connect(
    State(Push(push)): State<Push>,
    headers: HeaderMap,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let request_id = match headers.get("x-request-id").and_then(|id| id.to_str().ok()) {
        Some(id) if (1..=128).contains(&id.len()) => id.to_owned(),
        _ => push.store.ids.uuid().to_string(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        // Who may not come in is told so first, whatever it asked for.
        Err(rejection) => {
            return match look_only(&push, &headers).await {
                Ok(()) => not_an_upgrade(&rejection, &request_id),
                Err(error) => refuse(&error, &request_id),
            };
        }
    };
    match admit(&push, &headers).await {
        Ok(session) => {
            // A session whose upgrade fails is dropped, and gives its place back.
            transport::limits(upgrade).on_upgrade(async move |socket| {
                // Its own task, so that a stop waits for it.
                let (stop, counted) = (push.life.soft(), push.sessions.token());
                push.life.spawn_contained("session", async move {
                    session.run(socket, stop).await;
                    drop(counted);
                });
            })
        }
        Err(error) => refuse(&error, &request_id),
    }
}

/// Who asks, as far as that can be told without the database.
fn who(push: &Inner, headers: &HeaderMap) -> Result<Proof> {
    if !push.life.is_running() {
        return Err(push.busy("stopping", "this replica stops; connect again"));
    }
    let token = bearer(headers).ok_or_else(|| Error::Unauthenticated {
        code: "bad-proof",
        message: "expected `Authorization: Bearer <proof>`".to_owned(),
    })?;
    push.origins.check(token, push.store.clock.now())
}

/// The agent that made the proof, if it may have a session at all.
async fn let_in(conn: &mut Conn, proof: &Proof) -> Result<Agent> {
    let agent = agents::get(conn, proof.did().as_str()).await?.ok_or_else(identity::unknown)?;
    match agent.status {
        AgentStatus::Revoked => Err(identity::revoked()),
        AgentStatus::Rejected => Err(identity::rejected()),
        AgentStatus::Approved | AgentStatus::Pending => Ok(agent),
    }
}

/// Whether a session would be let in; the proof is not used up.
async fn look_only(push: &Inner, headers: &HeaderMap) -> Result<()> {
    let proof = who(push, headers)?;
    let _turn = Turn::wait(push).await?;
    let mut conn = push.store.conn().await?;
    let_in(&mut conn, &proof).await.map(drop)
}

/// Checks who asks, and takes a place and an epoch for the session.
async fn admit(push: &Arc<Inner>, headers: &HeaderMap) -> Result<Session> {
    let proof = who(push, headers)?;
    let room = push.hub.admit().ok_or_else(|| push.busy("too-many-sessions", "this replica is full"))?;
    let turn = Turn::wait(push).await?;

    let mut tx = push.store.begin("session.open").await?;
    let did = proof.did().as_str();
    let agent = let_in(tx.conn(), &proof).await?;
    let mut pending_room = None;
    if agent.status == AgentStatus::Pending {
        let full = || push.busy("too-many-pending", "too many agents wait for approval here");
        pending_room = Some(push.hub.admit_pending().ok_or_else(full)?);
    }
    proof.use_up(tx.conn()).await?;
    let epoch = sessions::open(tx.conn(), did, push.replica, push.store.clock.now()).await?;
    // From here on it gives the epoch back, whatever happens.
    let place = Place::new(push, did, epoch, room);
    tx.commit().await?;
    drop(turn);
    if let Some(older) = push.hub.enter(place.entry()) {
        push.give_way(&older);
    }
    let facts = Facts {
        did: proof.did().clone(),
        name: agent.name,
        session_id: push.store.ids.uuid(),
        epoch,
        pending: agent.status == AgentStatus::Pending,
    };
    Ok(Session { facts, place, pending_room })
}

/// A turn at the database among the upgrades, of which only so many may wait.
struct Turn<'a> {
    connecting: &'a AtomicUsize,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a> Turn<'a> {
    async fn wait(push: &'a Inner) -> Result<Self> {
        let waiting = push.connecting.fetch_add(1, Ordering::Relaxed);
        let mut turn = Self { connecting: &push.connecting, permit: None };
        if waiting >= push.options.connects_at_once + push.options.connects_waiting {
            return Err(push.busy("too-many-connects", "too many agents connect at once"));
        }
        // An error would mean that the semaphore was closed, which nobody does.
        turn.permit = push.turns.acquire().await.ok();
        Ok(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.permit = None;
        self.connecting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    fn busy(&self, code: &'static str, message: &str) -> Error {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to SPREAD")]
        let spread = (self.store.ids.sample() * SPREAD) as u32;
        Error::Unavailable { code, message: message.to_owned(), retry_after_seconds: COME_BACK + spread }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn not_an_upgrade(rejection: &WebSocketUpgradeRejection, request_id: &str) -> Response {
    let detail = format!("this is the agents' WebSocket; {rejection}");
    problem(StatusCode::UPGRADE_REQUIRED, "upgrade-required", &detail, request_id)
}

fn refuse(error: &Error, request_id: &str) -> Response {
    let (status, code) = match error {
        Error::Unauthenticated { code, .. } => (StatusCode::UNAUTHORIZED, *code),
        Error::Forbidden { code, .. } => (StatusCode::FORBIDDEN, *code),
        Error::Unavailable { code, .. } => (StatusCode::SERVICE_UNAVAILABLE, *code),
        _ => {
            tracing::error!(request.id = request_id, error = %report(error), "a session could not be opened");
            (StatusCode::INTERNAL_SERVER_ERROR, "internal")
        }
    };
    metrics::counter!("reeve_sessions_refused_total", "code" => code).increment(1);
    let mut response = problem(status, code, &error.to_string(), request_id);
    if let Error::Unavailable { retry_after_seconds, .. } = error {
        response.headers_mut().insert(header::RETRY_AFTER, (*retry_after_seconds).into());
    }
    response
}

/// RFC 9457, as everywhere in the API.
fn problem(status: StatusCode, code: &str, detail: &str, request_id: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
        "requestId": request_id,
    });
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    response
}
