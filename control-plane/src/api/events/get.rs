//! `GET /api/events`

use std::convert::Infallible;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use tokio::{sync::watch, time::Instant};
use utoipa::IntoParams;

use crate::{
    api::{
        ApiState,
        caller::{self, Caller},
        extract::ApiQuery,
        problem::{Problem, Result},
    },
    base::report,
    domain::change::Revision,
    feed::{AliveEvent, EndedEvent, Event, EventData, Subscription, Viewer},
    service::Touch,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Fronts such as nginx hold an answer back until they have some of it; this one must not wait.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// For clients that cannot set a header. The header goes before it: a browser that connects again repeats this one.
    #[param(minimum = 0)]
    pub last_event_id: Option<i64>,
}

/// Follow what happens, as server-sent events.
///
/// Every caller may; which events it gets, each event's own need decides: `change` and `receipt` as `GET /api/changes`, `agent` and
/// `agents` need `agents:read`, `proxy` needs `proxies:read` everywhere, `audit` needs `audit:read`, or what one needs to read
/// something of the kinds that it names. `hello`, `alive`, `reset` and `ended` are about the stream.
#[utoipa::path(
    get, path = "/api/events", tag = "changes",
    params(EventsQuery, (
        "Last-Event-ID" = Option<i64>, Header,
        description = "Changes after this revision come first; left out: those that are made from now on.",
    )),
    responses((
        status = 200, content_type = "text/event-stream", body = EventData,
        description = "A stream that does not end by itself. `event:` is the name, `data:` one line of JSON.",
    )),
)]
pub async fn follow_events(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<EventsQuery>,
) -> Result<Response> {
    let after = resume(&headers, &query)?;
    let subscription = Subscription::open(&state.feed, &caller.actor, viewer(&caller), after).await?;
    let mut credential = HeaderMap::new();
    for name in [header::AUTHORIZATION, header::COOKIE] {
        for value in headers.get_all(&name) {
            credential.append(name.clone(), value.clone());
        }
    }
    let options = state.feed.options;
    let open = Open {
        check_at: Instant::now() + options.recheck,
        ready: state.ready.clone(),
        opened: Instant::now(),
        sent: 0,
        over: false,
        credential,
        state,
        caller,
        subscription,
    };
    let events = stream::unfold(open, |mut open| async move {
        let event = open.next().await?;
        Some((Ok::<_, Infallible>(framed(event)), open))
    });
    // An event and no comment: a page of a browser is not told of comments, and could not see that the line is dead.
    let alive = framed(EventData::Alive(AliveEvent {}).into());
    let keep_alive = KeepAlive::new().interval(options.keep_alive).event(alive);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(events).keep_alive(keep_alive)).into_response())
}

fn resume(headers: &HeaderMap, query: &EventsQuery) -> Result<Option<Revision>> {
    let bad = |name: &str| {
        let detail = format!("{name}: expected the id of an event, which is the number of a revision");
        Problem::new(StatusCode::BAD_REQUEST, "bad-last-event-id", detail)
    };
    let given = match headers.get(LAST_EVENT_ID) {
        Some(value) => {
            let id = value.to_str().ok().and_then(|text| text.trim().parse::<Revision>().ok());
            Some(id.ok_or_else(|| bad("Last-Event-ID"))?)
        }
        None => query.last_event_id,
    };
    if given.is_some_and(|id| id < 0) {
        return Err(bad("lastEventId"));
    }
    Ok(given)
}

fn viewer(caller: &Caller) -> Viewer {
    Viewer::new(&caller.actor, &caller.rights)
}

fn framed(event: Event) -> sse::Event {
    let framed = sse::Event::default().event(event.name.as_str()).data(event.data);
    match event.id {
        Some(id) => framed.id(id.to_string()),
        None => framed,
    }
}

/// A stream that somebody holds open.
struct Open {
    state: ApiState,
    caller: Caller,
    /// What the request carried, to find out again who asks.
    credential: HeaderMap,
    subscription: Subscription,
    ready: watch::Receiver<bool>,
    check_at: Instant,
    opened: Instant,
    sent: u64,
    over: bool,
}

impl Open {
    /// `None`: the stream ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            tokio::select! {
                biased;
                // At the end of the process open streams must not hold it up; the client connects again, elsewhere.
                _ = self.ready.wait_for(|ready| !ready) => return None,
                () = tokio::time::sleep_until(self.check_at) => {}
                event = self.subscription.next() => return match event {
                    Ok(event) => {
                        self.sent += 1;
                        Some(event)
                    }
                    Err(error) => {
                        tracing::warn!(error = %report(&error), "a stream of events breaks off; its client resumes it");
                        None
                    }
                },
            }
            if let Some(code) = self.check().await {
                self.over = true;
                return Some(EventData::Ended(EndedEvent { code }).into());
            }
        }
        None
    }

    /// Whether the caller is still one, and what it holds by now. Returns the code of the refusal.
    async fn check(&mut self) -> Option<&'static str> {
        let address = self.caller.address.clone();
        let checked = caller::authenticate(&self.state, &self.credential, address, Touch::Leave).await;
        self.check_at = Instant::now() + self.state.feed.options.recheck;
        match checked {
            Ok(caller) => {
                self.subscription.see_as(viewer(&caller));
                self.caller = caller;
                None
            }
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Some(problem.code()),
            // The database does not answer, so there is nothing to be told either: it is asked again.
            Err(_) => None,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let duration_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            actor = self.caller.actor,
            stream.events = self.sent,
            stream.refused = self.over,
            duration_ms,
            "stream closed"
        );
    }
}
