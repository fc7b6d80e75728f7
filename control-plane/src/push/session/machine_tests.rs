//! Table tests of the session machine: one test per rule of the protocol.

use std::{fmt::Write as _, time::Duration};

use proptest::prelude::*;
use reeve_protocol::AgentDid;
use uuid::Uuid;

use super::*;
use crate::push::session::Frame;

const DID: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

struct Rig {
    machine: Machine,
    start: Instant,
    now: Instant,
}

impl Rig {
    fn opened(pending: bool) -> Self {
        let facts = Facts {
            did: AgentDid::parse(DID).unwrap(),
            name: "bot".to_owned(),
            session_id: Uuid::from_u128(1),
            epoch: 7,
            pending,
        };
        let timing = Timing {
            hello: Duration::from_secs(10),
            heartbeat: Duration::from_secs(30),
            status: Duration::from_secs(30),
        };
        let start = Instant::now();
        Self { machine: Machine::new(facts, timing, start), start, now: start }
    }

    /// A full session of an agent that runs `applied`.
    fn full(applied: Option<(i64, &str)>) -> Self {
        let mut rig = Self::opened(false);
        rig.hello(applied, None);
        rig
    }

    fn hello(&mut self, applied: Option<(i64, &str)>, rejected: Option<(i64, &str)>) -> String {
        let named = |v: Option<(i64, &str)>| {
            v.map(|(version, hash)| format!(r#"{{"version":{version},"hash":"{hash}"}}"#))
        };
        let mut payload = r#""protocol":{"min":1,"max":1},"instanceId":"018f3c2a-2222-7000-8000-000000000001","agentVersion":"0.1.0""#.to_owned();
        for (field, value) in [("applied", named(applied)), ("rejected", named(rejected))] {
            if let Some(value) = value {
                write!(payload, r#","{field}":{value}"#).unwrap();
            }
        }
        self.say("hello", &format!("{{{payload}}}"))
    }

    fn say(&mut self, kind: &str, payload: &str) -> String {
        let text = format!(
            r#"{{"type":"{kind}","messageId":"m","timestamp":"2026-11-20T10:00:00Z","payload":{payload}}}"#
        );
        self.step(Input::Text(&text))
    }

    fn status(&mut self, status: &str, version: i64, hash: &str, more: &str) -> String {
        let payload = format!(r#"{{"status":"{status}","version":{version},"hash":"{hash}"{more}}}"#);
        self.say("llm_config_status", &payload)
    }

    fn document(&mut self, version: i64, hash: &str) -> String {
        self.step(Input::Document(Arc::new(Offered {
            version,
            hash: hash.into(),
            state: "active",
            reason: "grant",
            key_generation: Some(3),
            frame: Frame("{}".into()),
            changed_at: None,
        })))
    }

    fn after(&mut self, seconds: u64) -> String {
        self.now = self.start + Duration::from_secs(seconds);
        self.step(Input::Tick)
    }

    /// What came out, in words.
    fn step(&mut self, input: Input<'_>) -> String {
        let words: Vec<String> = self.machine.step(self.now, input).iter().map(word).collect();
        words.join(" ")
    }
}

fn word(output: &Output) -> String {
    match output {
        Output::Send(ToAgent::Error(error)) => format!("error:{}", error.code),
        Output::Send(message) => message.kind().to_owned(),
        Output::Document(document) => format!("document:{}", document.hash),
        Output::Ping => "ping".to_owned(),
        Output::Look => "look".to_owned(),
        Output::Close { code, .. } => format!("close:{code}"),
        Output::Report(said) => {
            let mut text = "report".to_owned();
            if let Some((version, hash, generation)) = &said.applied {
                write!(text, ":applied={version}/{hash}/{}", generation.unwrap_or_default()).unwrap();
            }
            if let Some(rejected) = &said.rejected {
                write!(text, ":rejected={}/{}", rejected.hash, rejected.code).unwrap();
            }
            text
        }
    }
}

#[test]
fn hello_is_answered_with_welcome_and_a_look() {
    let mut rig = Rig::opened(false);
    assert_eq!(rig.hello(None, None), "report welcome look");
    let mut rig = Rig::opened(false);
    assert_eq!(rig.hello(Some((4, "a")), Some((5, "b"))), "report:applied=4/a/0 welcome look");
    assert_eq!((rig.machine.current(), rig.machine.rejected()), (Some("a"), Some("b")));
    assert_eq!(rig.hello(None, None), "close:4400", "once is enough");
}

#[test]
fn who_does_not_say_hello_is_closed() {
    assert_eq!(Rig::opened(false).say("heartbeat", r#"{"uptimeSeconds":1}"#), "close:4400");
    let mut rig = Rig::opened(false);
    assert_eq!(rig.machine.deadline(), rig.start + Duration::from_secs(10));
    assert_eq!(rig.after(9), "");
    assert_eq!(rig.after(10), "close:4400");
    assert_eq!(rig.hello(None, None), "", "nothing follows the end");
}

#[test]
fn no_common_version_is_said() {
    let mut rig = Rig::opened(false);
    let payload = r#"{"protocol":{"min":2,"max":3},"instanceId":"018f3c2a-2222-7000-8000-000000000001","agentVersion":"9"}"#;
    assert_eq!(rig.say("hello", payload), "close:4426");
}

#[test]
fn what_is_not_understood_is_answered_not_closed() {
    let mut rig = Rig::full(None);
    assert_eq!(rig.say("telemetry", "{}"), "error:unknown-type");
    assert_eq!(rig.say("heartbeat", r#"{"uptimeSeconds":"x"}"#), "error:bad-payload");
    assert_eq!(rig.step(Input::Text("{")), "error:bad-envelope");
    assert_eq!(rig.step(Input::Binary), "error:bad-envelope");
    assert_eq!(rig.say("error", r#"{"code":"unknown-type","message":""}"#), "", "an error is never answered");
    assert_eq!(rig.say("pong", "{}"), "");
    assert_eq!(Rig::opened(false).say("telemetry", "{}"), "error:unknown-type", "also before hello");
    let large = format!("{{{}}}", " ".repeat(reeve_protocol::MAX_MESSAGE_BYTES));
    assert_eq!(rig.step(Input::Text(&large)), "close:1009");
}

#[test]
fn sent_iff_the_agent_does_not_have_it() {
    let mut rig = Rig::full(Some((4, "a")));
    assert_eq!(rig.document(5, "a"), "", "the same under a newer version is no news");
    assert_eq!(rig.document(6, "b"), "document:b");
    assert_eq!(rig.document(6, "b"), "", "it is on its way");
    assert_eq!(rig.status("applied", 6, "b", ""), "report:applied=6/b/3");
    assert_eq!(
        rig.status("applied", 6, "b", ""),
        "",
        "a status that changes nothing is not answered nor stored"
    );
    assert_eq!(rig.document(7, "b"), "");
    assert_eq!(Rig::opened(false).document(1, "a"), "", "not before hello");
}

#[test]
fn one_is_outstanding_and_a_newer_one_supersedes_it() {
    let mut rig = Rig::full(Some((1, "a")));
    assert_eq!(rig.document(2, "b"), "document:b");
    assert_eq!(rig.document(3, "c"), "document:c");
    assert_eq!(rig.status("applied", 2, "b", ""), "report:applied=2/b/0", "a late word on the older one");
    assert_eq!(rig.machine.current(), Some("c"));
    assert_eq!(rig.status("applied", 3, "c", ""), "report:applied=3/c/3");
    // Back to what it runs, while another one is on its way.
    assert_eq!(rig.document(4, "d"), "document:d");
    assert_eq!(rig.document(5, "c"), "document:c");
}

#[test]
fn a_rejection_is_kept_with_what_runs_on() {
    let mut rig = Rig::full(Some((1, "a")));
    rig.document(2, "b");
    let more = r#","code":"model-too-small","message":"m","field":"config.model","running":{"version":1,"hash":"a"}"#;
    assert_eq!(rig.status("rejected", 2, "b", more), "report:applied=1/a/0:rejected=b/model-too-small look");
    assert_eq!((rig.machine.current(), rig.machine.rejected()), (Some("a"), Some("b")));
    assert!(rig.machine.is_settled());
    assert_eq!(rig.document(3, "c"), "document:c");
    assert_eq!(rig.status("applied", 3, "c", ""), "report:applied=3/c/3 look", "b may be wanted again");
    assert_eq!(rig.machine.rejected(), None, "what is applied ends a refusal");
}

#[test]
fn an_unanswered_document_is_sent_once_more_then_the_socket_closes() {
    let mut rig = Rig::full(None);
    rig.document(1, "a");
    assert_eq!(rig.machine.deadline(), rig.start + Duration::from_secs(30));
    assert!(!rig.machine.is_stale());
    assert_eq!(rig.after(30), "document:a heartbeat ping");
    assert!(rig.machine.is_stale());
    rig.step(Input::Alive);
    assert_eq!(rig.after(59), "");
    assert_eq!(rig.after(60), "close:4408");
    assert!(!rig.machine.is_stale());

    let mut rig = Rig::full(None);
    rig.document(1, "a");
    rig.after(30);
    assert_eq!(rig.status("applied", 1, "a", ""), "report:applied=1/a/3");
    assert!(!rig.machine.is_stale());
    assert_eq!(rig.after(60), "heartbeat ping");
}

#[test]
fn three_missed_heartbeats_close() {
    let mut rig = Rig::full(None);
    assert_eq!(rig.after(30), "heartbeat ping");
    assert_eq!(rig.after(60), "heartbeat ping");
    assert_eq!(rig.say("pong", "{}"), "", "any word counts");
    for at in [90, 120, 150] {
        assert_eq!(rig.after(at), "heartbeat ping");
    }
    assert_eq!(rig.after(180), "close:4408");
}

#[test]
fn an_agents_heartbeat_is_answered_and_says_what_runs() {
    let mut rig = Rig::full(Some((1, "a")));
    let beat = |hash: &str| format!(r#"{{"uptimeSeconds":1,"applied":{{"version":1,"hash":"{hash}"}}}}"#);
    assert_eq!(rig.say("heartbeat", &beat("a")), "pong report");
    assert_eq!(
        rig.say("heartbeat", &beat("x")),
        "pong look report:applied=1/x/0",
        "not what it was known to run"
    );
    rig.document(2, "b");
    assert_eq!(rig.say("heartbeat", &beat("x")), "pong report", "old news while a document is on its way");
    assert_eq!(rig.machine.current(), Some("b"));
    assert_eq!(rig.say("heartbeat", &beat("b")), "pong look report:applied=1/b/3", "as good as a status");
    assert_eq!(rig.say("heartbeat", r#"{"uptimeSeconds":1}"#), "pong look report", "it lost what it had");
    assert_eq!(rig.document(3, "b"), "document:b");
}

#[test]
fn a_pending_agent_gets_no_document() {
    let mut rig = Rig::opened(true);
    assert_eq!(rig.hello(None, None), "report registration_pending look");
    assert_eq!(rig.document(1, "a"), "");
    assert_eq!(rig.status("applied", 1, "a", ""), "");
    assert_eq!(rig.say("heartbeat", r#"{"uptimeSeconds":1}"#), "pong report");
    assert!(rig.machine.is_pending() && !rig.machine.is_full());
    let approved = Input::Verdict(Verdict::Approved(vec!["research".to_owned()]));
    assert_eq!(rig.step(approved), "registration_approved welcome look");
    assert!(rig.machine.is_full() && !rig.machine.is_pending());
    assert_eq!(rig.document(1, "a"), "document:a");
}

#[test]
fn an_approval_before_hello_makes_a_full_session() {
    let mut rig = Rig::opened(true);
    assert_eq!(rig.step(Input::Verdict(Verdict::Approved(Vec::new()))), "");
    assert_eq!(rig.hello(None, None), "report welcome look");
}

#[test]
fn verdicts_end_sessions_with_their_codes() {
    let end = |pending, verdict| {
        let mut rig = Rig::opened(pending);
        rig.hello(None, None);
        let words = rig.step(Input::Verdict(verdict));
        assert_eq!(rig.document(9, "z"), "");
        words
    };
    assert_eq!(end(true, Verdict::Rejected("no".to_owned())), "registration_rejected close:4403");
    assert_eq!(end(false, Verdict::Revoked(None)), "revoked close:4403");
    assert_eq!(end(false, Verdict::Superseded), "close:4409");
}

#[test]
fn shutdown_says_goaway() {
    let goaway = Goaway { retry_after_ms: 1, spread_ms: 2 };
    assert_eq!(Rig::full(None).step(Input::Shutdown(goaway)), "goaway close:1001");
}

#[test]
fn what_an_agent_writes_is_cleaned_and_cut() {
    assert_eq!(clean_to("a\0b\n\u{7f}c", 9), "abc");
    assert_eq!(clean_to("ééé", 3), "é");
    let mut rig = Rig::full(None);
    let hash = "h".repeat(1_000);
    rig.document(1, "a");
    let more = r#","code":"x\u0000y","message":"one\u0000two""#;
    assert_eq!(
        rig.status("rejected", 1, &hash, more),
        format!("report:rejected={}/xy", "h".repeat(MAX_WORD)),
        "what is outstanding stays so"
    );
}

proptest! {
    /// Whatever comes in which order: it does not panic, ends at most once, and says nothing after the end.
    #[test]
    fn it_survives_anything(steps in prop::collection::vec((0..12u8, 0..4i64, 0..40u64), 0..60)) {
        let mut rig = Rig::opened(false);
        let (mut ended, mut clock) = (false, 0);
        for (what, n, seconds) in steps {
            let hash = format!("h{n}");
            clock += seconds;
            rig.now = rig.start + Duration::from_secs(clock);
            let said = match what {
                0..=2 => rig.document(n, &hash),
                3 => rig.hello(Some((n, &hash)), None),
                4 | 5 => rig.status("applied", n, &hash, ""),
                6 => rig.status("rejected", n, &hash, ""),
                7 => rig.say("heartbeat", &format!(r#"{{"uptimeSeconds":1,"applied":{{"version":{n},"hash":"{hash}"}}}}"#)),
                8 => rig.step(Input::Text("nonsense")),
                9 => rig.say("pong", "{}"),
                _ => rig.step(Input::Tick),
            };
            prop_assert!(!ended || said.is_empty(), "after the end: {said}");
            prop_assert!(said.matches("document:").count() <= 1);
            ended |= said.contains("close:");
        }
    }
}
