//! `reeve-agent serve`: hands the config to programs on this machine. Loopback only, and only to who can read the token.

use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use clap::Args;
use reeve_agent::protocol::Document;
use reeve_agent::{AgentConfigState, StateDir, reachable};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::exit::{Failure, OTHER, REVOKED, USAGE};
use super::feed::{Event, Feed};
use super::{Output, Place, print};

const TOKEN_FILE: &str = "serve-token";

#[derive(Args)]
pub struct Serve {
    /// Where to listen: an address of this machine alone. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7333", value_name = "ADDRESS")]
    listen: SocketAddr,
}

struct Shared {
    token: String,
    state: watch::Receiver<Arc<AgentConfigState>>,
}

pub async fn serve(place: &Place, output: Output, command: Serve) -> Result<u8, Failure> {
    if !command.listen.ip().is_loopback() {
        let text = format!(
            "--listen {} is not an address of this machine alone; use 127.0.0.1 or [::1]",
            command.listen
        );
        return Err(Failure::new(USAGE, text));
    }
    let (options, identity, dir) = place.agent()?;
    let token = token(&dir)?;
    let failed = |what: &str, error: std::io::Error| Failure::new(OTHER, format!("{what}: {error}"));
    let listener = TcpListener::bind(command.listen)
        .await
        .map_err(|error| failed(&format!("cannot listen on {}", command.listen), error))?;
    let address = listener.local_addr().map_err(|error| failed("the address is unknown", error))?;
    let stop = |kind| signal(kind).map_err(|error| failed("signals cannot be received", error));
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);

    let (sender, state) = watch::channel(Arc::new(AgentConfigState::Waiting));
    let router = Router::new()
        .route("/health", get(|| async { axum::Json(json!({ "status": "ok" })) }))
        .route("/config", get(config))
        .with_state(Arc::new(Shared { token, state }));
    let token_file = dir.file(TOKEN_FILE);
    match output {
        Output::Json => {
            print::json(
                &json!({ "event": "listening", "url": format!("http://{address}"), "tokenFile": token_file }),
            );
        }
        Output::Text => anstream::println!(
            "{} http://{address}/config  {}",
            print::good("serving"),
            print::faint(&format!("token in {}", token_file.display()))
        ),
    }
    let mut feed = Feed::start(options, identity, dir);
    let ended = tokio::select! {
        _ = interrupt.recv() => Ok(0),
        _ = terminate.recv() => Ok(0),
        served = async { axum::serve(listener, router).await } => match served {
            Ok(()) => Ok(0),
            Err(error) => Err(failed("the listener failed", error)),
        },
        ended = pass_on(&mut feed, &sender) => ended,
    };
    feed.stop().await;
    ended
}

/// Keeps the served state current, until there is nothing more to serve.
async fn pass_on(feed: &mut Feed, state: &watch::Sender<Arc<AgentConfigState>>) -> Result<u8, Failure> {
    while let Some(event) = feed.events.recv().await {
        match event {
            Event::Document { current, answer } => {
                state.send_replace(Arc::new(AgentConfigState::Current((*current).clone())));
                answer.give(Ok(()));
            }
            Event::Status(_) | Event::Following { .. } => {}
            Event::Revoked => return Err(Failure::new(REVOKED, "this agent was revoked")),
            Event::Failed(error) => return Err(error.into()),
        }
    }
    Ok(0)
}

async fn config(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if given.is_none_or(|given| verify_slices_are_equal(given, shared.token.as_bytes()).is_err()) {
        let detail =
            "Send `Authorization: Bearer` with the content of the file serve-token in the agent's directory.";
        return problem(StatusCode::UNAUTHORIZED, "unauthorized", detail);
    }
    let state = shared.state.borrow().clone();
    let Some(current) = state.current() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "no-config", "No config has come yet; ask again.");
    };
    let document = reachable(&current.document).await;
    let detail = match &document {
        Document::Unavailable(detail) => Some(detail),
        Document::Active(_) | Document::Env => None,
    };
    let body = json!({
        "version": current.version,
        "hash": current.hash,
        "state": document.state(),
        "config": document.config(),
        "detail": detail,
    });
    answer(StatusCode::OK, "application/json", &body)
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail });
    answer(status, "application/problem+json", &body)
}

fn answer(status: StatusCode, kind: &str, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], body.to_string()).into_response()
}

/// The token that local programs send: made once, in a file that only its owner can read.
fn token(dir: &StateDir) -> Result<String, Failure> {
    let path = dir.file(TOKEN_FILE);
    match std::fs::read_to_string(&path) {
        Ok(token) if token.trim().len() >= 32 => return Ok(token.trim().to_owned()),
        // Too short to be ours: it is made anew.
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::new(OTHER, format!("reading {} failed: {error}", path.display()))),
    }
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Failure::new(OTHER, "no randomness is to be had"))?;
    let token = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    dir.write_private(TOKEN_FILE, format!("{token}\n").as_bytes())?;
    Ok(token)
}
