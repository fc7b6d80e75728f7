//! The way of one request: read it, log it, meet its faults, answer it. The only place where faults become
//! deeds; what the answer is, `api` and `inference` say.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api;
use crate::conn::{Accept, Conn};
use crate::error::ApiError;
use crate::faults::{Fault, Target};
use crate::hold::Held;
use crate::record::Recorded;
use crate::state::SimState;

/// Larger bodies are refused, as by the usual front.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What listens: the instances that it hands requests to, in turn.
#[derive(Clone)]
struct Address {
    state: SimState,
    whose: Range<usize>,
    turn: Arc<AtomicUsize>,
    stop: CancellationToken,
}

impl Address {
    fn next(&self) -> Instance {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.whose.len();
        Instance { state: self.state.clone(), number: self.whose.start + turn, stop: self.stop.clone() }
    }
}

pub(crate) struct Instance {
    pub(crate) state: SimState,
    pub(crate) number: usize,
    stop: CancellationToken,
}

/// A request, read whole.
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query's fields, unescaped; of a repeated one the last counts.
    pub(crate) fn query(&self) -> HashMap<String, String> {
        Query::<Vec<(String, String)>>::try_from_uri(&self.uri)
            .map(|Query(pairs)| pairs.into_iter().collect())
            .unwrap_or_default()
    }
}

pub(crate) async fn run(
    listener: TcpListener,
    state: SimState,
    whose: Range<usize>,
    stop: CancellationToken,
) -> io::Result<()> {
    let address = Address { state, whose, turn: Arc::default(), stop: stop.clone() };
    let app = Router::new().fallback(answer).with_state(address);
    axum::serve(Accept(listener), app.into_make_service_with_connect_info::<Conn>())
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn answer(
    State(address): State<Address>,
    ConnectInfo(conn): ConnectInfo<Conn>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let incoming =
        Incoming { method: parts.method.as_str().to_owned(), uri: parts.uri, headers: parts.headers, body };
    if incoming.path().starts_with("/_sim/") {
        return api::sim::answer(&address.state, &incoming);
    }
    let instance = address.next();
    let mut way = pin!(walk(&instance, &conn, incoming));
    tokio::select! {
        response = &mut way => response,
        // Paused and held requests must not keep a stopped simulator alive.
        () = instance.stop.cancelled() => cut(&conn),
    }
}

async fn walk(instance: &Instance, conn: &Conn, incoming: Incoming) -> Response {
    let world = &instance.state.world;
    let write = api::is_write(&incoming.method, incoming.path());
    let (seq, faults) = {
        let mut inner = world.lock();
        let entry = Recorded {
            seq: 0,
            instance: instance.number,
            method: incoming.method.clone(),
            path: incoming.path().to_owned(),
            query: incoming.uri.query().map(str::to_owned),
            write,
            status: None,
            done: false,
        };
        let seq = inner.log.add(entry, incoming.body.to_vec());
        let target =
            Target { instance: instance.number, method: &incoming.method, path: incoming.path(), write };
        (seq, inner.faults.hit(&target))
    };
    let held = |done| Held { seq, method: incoming.method.clone(), path: incoming.path().to_owned(), done };
    for fault in &faults {
        match fault {
            Fault::Latency { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Fault::Hold { after: false } => world.holds.park(held(false)).await,
            Fault::Paused => std::future::pending().await,
            Fault::RequestLost => return cut(conn),
            Fault::Reset => {
                conn.reset();
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            Fault::Refused { status, retry_after } => {
                return logged(instance, seq, false, refused(*status, *retry_after));
            }
            Fault::HtmlPage => return logged(instance, seq, false, html_page()),
            Fault::Redirect { location } => {
                let redirect = (StatusCode::FOUND, [(header::LOCATION, location.clone())]);
                return logged(instance, seq, false, redirect.into_response());
            }
            Fault::SavedBut500 | Fault::ResponseLost | Fault::Hold { after: true } => {}
        }
    }
    let mut response = api::answer(instance, &incoming).await;
    world.lock().log.update(seq, |entry| entry.done = true);
    for fault in &faults {
        match fault {
            Fault::SavedBut500 => response = saved_but_500(),
            Fault::Hold { after: true } => world.holds.park(held(true)).await,
            Fault::ResponseLost => return cut(conn),
            _ => {}
        }
    }
    logged(instance, seq, true, response)
}

fn logged(instance: &Instance, seq: u64, done: bool, response: Response) -> Response {
    let status = response.status().as_u16();
    instance.state.world.lock().log.update(seq, |entry| {
        entry.status = Some(status);
        entry.done = done;
    });
    response
}

/// Ends the connection; the response only wakes the writer.
fn cut(conn: &Conn) -> Response {
    conn.close();
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn saved_but_500() -> Response {
    let message = "Model create was saved to the database, but the model id(s) are not live in this pod's \
        router after the reload and are not being served by this pod.";
    json(500, &ApiError::proxy(500, "internal_server_error", None, message).body)
}

fn refused(status: u16, retry_after: Option<u32>) -> Response {
    let kind = if status == 429 { "throttling_error" } else { "internal_server_error" };
    let mut response =
        json(status, &ApiError::proxy(status, kind, None, "Refused by an injected fault.").body);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn html_page() -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway\
        </h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

pub(crate) fn json(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
