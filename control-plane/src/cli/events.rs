//! `reeve events`: what happens, as it happens. The stream of `GET /api/events`, resumed where it broke off.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{
    changes,
    failure::{Failure, Problem},
    output::{self, text_at},
    session::{Session, path},
};
use crate::base::{backoff::full_jitter, idgen::IdGen};

/// Without `--follow`.
const NEWEST: usize = 20;
/// Before the stream is opened again: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

#[derive(Debug, Args)]
pub struct Events {
    /// Go on with what happens from now on, until Ctrl-C; one JSON object per line with `--output json`.
    #[arg(long, short)]
    follow: bool,
}

pub async fn run(events: Events, s: &Session) -> Result<(), Failure> {
    if !events.follow {
        return changes::newest(s, Vec::new(), NEWEST).await;
    }
    let mut follower = Follower { json: s.is_json(), ..Follower::default() };
    tokio::select! {
        done = follower.follow(s) => done,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// One event as it came over the line.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

/// Cuts a stream into events, wherever its pieces end.
#[derive(Default)]
struct Parser(Vec<u8>);

impl Parser {
    fn add(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }

    fn next(&mut self) -> Option<Event> {
        loop {
            let end = self.0.windows(2).position(|two| two == b"\n\n")?;
            let block: Vec<u8> = self.0.drain(..end + 2).collect();
            let block = String::from_utf8_lossy(&block);
            let field = |name: &str| {
                let value = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
                Some(value.strip_prefix(' ').unwrap_or(value).to_owned())
            };
            if let Some(name) = field("event") {
                let data = field("data").and_then(|data| serde_json::from_str(&data).ok());
                return Some(Event { name, id: field("id"), data: data.unwrap_or_default() });
            }
        }
    }
}

/// Why no more pieces are taken.
enum Over {
    /// Whoever read the output went away (`| head`).
    Unread,
    /// The session or token counts no more; the code says why.
    Ended(String),
}

#[derive(Default)]
struct Follower {
    json: bool,
    parser: Parser,
    last: Option<String>,
    /// Events came since the stream was opened last.
    heard: bool,
    over: Option<Over>,
}

impl Follower {
    async fn follow(&mut self, s: &Session) -> Result<(), Failure> {
        let (mut failed, ids) = (0, IdGen::default());
        loop {
            self.parser = Parser::default();
            self.heard = false;
            let query = self.last.iter().map(|last| ("lastEventId", last.clone())).collect();
            let ended = s.stream(path(["events"]), query, |piece| self.take(piece)).await;
            match self.over.take() {
                Some(Over::Unread) => return Ok(()),
                Some(Over::Ended(code)) => return Err(refused(code)),
                None => {}
            }
            match ended {
                Err(failure) if !(self.last.is_some() && may_pass(&failure)) => return Err(failure),
                _ => {}
            }
            failed = if self.heard { 1 } else { failed + 1 };
            tokio::time::sleep(full_jitter(failed, AGAIN.0, AGAIN.1, ids.sample())).await;
        }
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.parser.add(piece);
        while let Some(event) = self.parser.next() {
            self.heard = true;
            if event.name == "alive" {
                continue;
            }
            let line = if self.json { Some(in_json(&event)) } else { in_words(&event) };
            if event.name == "ended" {
                self.over = Some(Over::Ended(text_at(&event.data, "/code")));
            }
            if line.is_some_and(|line| !output::line_is_read(&line)) {
                self.over = Some(Over::Unread);
            }
            if self.over.is_some() {
                return Err(Failure::Unexpected("the stream is over".to_owned()));
            }
            if event.id.is_some() {
                self.last = event.id;
            }
        }
        Ok(())
    }
}

fn refused(code: String) -> Failure {
    let detail = "the session or token does not count any more; sign in again".to_owned();
    Failure::Refused(Box::new(Problem { status: 401, code, detail, ..Problem::default() }))
}

/// Whether it is worth while to ask again.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable(_) => true,
        Failure::Refused(problem) => problem.status >= 500 || problem.status == 429,
        _ => false,
    }
}

fn in_json(event: &Event) -> String {
    let id = event.id.as_ref().and_then(|id| id.parse::<i64>().ok());
    json!({ "event": event.name, "id": id, "data": event.data }).to_string()
}

/// One line for a person; `None` for what only programs need.
fn in_words(event: &Event) -> Option<String> {
    let at = |pointer: &str| text_at(&event.data, pointer);
    let what = match event.name.as_str() {
        "hello" => return None,
        "change" => {
            format!(
                "{}  {}  {} by {}  {}",
                at("/revision"),
                at("/at"),
                at("/kind"),
                at("/actor"),
                at("/summary")
            )
        }
        "receipt" => {
            let (proxies, agents) = (at("/proxiesPending"), at("/agentsPending"));
            format!(
                "{}  {}, on its way to {proxies} proxies and {agents} agents",
                at("/revision"),
                at("/state")
            )
        }
        "agent" => format!(
            "{}  {}, {}, runs {} of {}  {}",
            at("/name"),
            at("/status"),
            at("/progress"),
            at("/runningVersion"),
            at("/wantedVersion"),
            at("/did")
        ),
        "agents" => format!("{} moved", at("/count")),
        "proxy" => {
            let avoided = if event.data["avoided"] == true { ", avoided" } else { "" };
            format!("{}  {}, {}{avoided}", at("/name"), at("/state"), at("/status"))
        }
        "audit" => {
            let kinds = event.data["kinds"].as_array().into_iter().flatten().filter_map(Value::as_str);
            format!("written about: {}", kinds.collect::<Vec<_>>().join(", "))
        }
        "reset" => {
            format!("events were left out ({}); it goes on after revision {}", at("/reason"), at("/revision"))
        }
        _ => event.data.to_string(),
    };
    Some(format!("{:<8} {what}", event.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_wherever_its_pieces_end() {
        let stream = "event: hello\ndata: {\"revision\":1}\nid: 1\n\n: a comment\n\n\
                      event: agent\ndata: {\"name\":\"größe\"}\n\nevent: chan";
        let whole = |sizes: usize| {
            let (mut parser, mut seen) = (Parser::default(), Vec::new());
            for piece in stream.as_bytes().chunks(sizes) {
                parser.add(piece);
                while let Some(event) = parser.next() {
                    seen.push(event);
                }
            }
            seen
        };
        let event = |name: &str, id: Option<&str>, data| Event {
            name: name.to_owned(),
            id: id.map(str::to_owned),
            data,
        };
        let expected = [
            event("hello", Some("1"), json!({ "revision": 1 })),
            event("agent", None, json!({ "name": "größe" })),
        ];
        for sizes in [1, 2, 3, 7, 1_000] {
            assert_eq!(whole(sizes), expected, "in pieces of {sizes}");
        }
    }

    #[test]
    fn it_goes_on_after_a_break_and_ends_with_the_session() {
        let mut follower = Follower { json: true, ..Follower::default() };
        follower
            .take(b"event: hello\ndata: {\"revision\":7}\nid: 7\n\nevent: receipt\ndata: {}\n\n")
            .unwrap();
        assert_eq!((follower.last.as_deref(), follower.heard), (Some("7"), true));
        assert!(follower.take(b"event: ended\ndata: {\"code\":\"session-ended\"}\n\n").is_err());
        let Some(Over::Ended(code)) = follower.over else { panic!("it goes on") };
        assert_eq!((refused(code.clone()).exit_code(), code.as_str()), (8, "session-ended"));
        let answer = |status| Failure::Refused(Box::new(Problem { status, ..Problem::default() }));
        assert!([429, 500, 503].into_iter().all(|status| may_pass(&answer(status))));
        assert!([400, 401, 403, 404].into_iter().all(|status| !may_pass(&answer(status))));
    }
}
