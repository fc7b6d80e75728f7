//! The library against a control plane over real sockets: what is on the wire, on disk and in the program's hands.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use reeve_agent::protocol::{
    AgentApproval, FromAgent, Goaway, RegistrationApproved, RegistrationPending, Revoked, StatusKind,
    ToAgent, TokenUsage,
};
use reeve_agent::{
    AgentConfigState, AgentError, AgentOptions, AgentStatus, Connection, ControlPlaneUrl, Identity,
    ReeveAgent, Rejection, StateDir, Timing,
};
use support::{FakePlane, Refusal, TOKEN, active, env, soon, unavailable, until};
use tokio::sync::{Notify, watch};

/// An agent's directory and identity, apart from any running agent.
struct Home {
    _temp: tempfile::TempDir,
    dir: StateDir,
    identity: Identity,
}

impl Home {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::open(temp.path().join("agent")).unwrap();
        let identity = dir.load_or_create_identity().unwrap();
        Self { _temp: temp, dir, identity }
    }

    /// Options with short waits, so that no test is slow.
    fn options(&self, url: &str) -> AgentOptions {
        let timing = Timing {
            backoff_base: Duration::from_millis(5),
            backoff_cap: Duration::from_millis(20),
            ..Timing::default()
        };
        let url = ControlPlaneUrl::parse(url).unwrap();
        AgentOptions::new(url, self.identity.clone(), self.dir.clone()).timing(timing)
    }

    async fn agent(&self, plane: &FakePlane) -> ReeveAgent {
        ReeveAgent::connect(self.options(&plane.url())).await.unwrap()
    }
}

type Configs = watch::Receiver<Arc<AgentConfigState>>;

async fn version(configs: &mut Configs, version: i64) -> Arc<AgentConfigState> {
    until(&format!("version {version}"), configs, |state| {
        state.current().is_some_and(|c| c.version == version)
    })
    .await
}

fn key(state: &AgentConfigState) -> Option<&str> {
    state.config().map(|config| config.api_key.expose())
}

async fn waiting(agent: &ReeveAgent) -> (String, AgentStatus) {
    let is_waiting = |status: &AgentStatus| matches!(status.connection, Connection::Waiting { .. });
    let status = until("a wait", &mut agent.statuses(), is_waiting).await;
    match &status.connection {
        Connection::Waiting { why, .. } => (why.clone(), status),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn enrolment_tells_approved_from_pending_and_says_why_not() {
    let plane = FakePlane::start().await;
    let home = Home::new();
    let url = ControlPlaneUrl::parse(&plane.url()).unwrap();
    let answer = reeve_agent::enroll(&url, &home.identity, "bot", Some(TOKEN)).await.unwrap();
    assert_eq!((answer.status, answer.realms), (AgentApproval::Approved, vec!["research".to_owned()]));
    assert_eq!((&answer.did, answer.name.as_str()), (home.identity.did(), "bot"));
    let answer = reeve_agent::enroll(&url, &home.identity, "bot", None).await.unwrap();
    assert_eq!(answer.status, AgentApproval::Pending);

    let error = reeve_agent::enroll(&url, &home.identity, "bot", Some("old-marker")).await.unwrap_err();
    assert!(matches!(error, AgentError::Refused(_)));
    let text = format!("{error} {error:?}");
    assert!(text.contains("token-expired") && text.contains("refused with token-expired"), "{text}");
    assert!(!text.contains("old-marker"), "{text}");

    let address = plane.kill().await;
    let error = reeve_agent::enroll(&url, &home.identity, "bot", None).await.unwrap_err();
    assert!(matches!(&error, AgentError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_document_comes_is_applied_and_is_known_at_the_next_start() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, hello) = plane.welcomed().await;
    assert_eq!(session.did, *home.identity.did());
    assert_eq!((hello.applied, hello.rejected), (None, None));

    let one = active(3, "sk-one-0123456789abcdef");
    session.config(&one);
    let status = session.status().await;
    assert_eq!((status.status, status.version_hash()), (StatusKind::Applied, one.version_hash()));
    let state = version(&mut agent.configs(), 3).await;
    assert_eq!(key(&state), Some("sk-one-0123456789abcdef"));
    until("the status", &mut agent.statuses(), |status| status.running == Some(one.version_hash())).await;
    agent.shutdown().await;
    session.gone().await;

    // Nothing that is on disk holds the key or the session.
    for entry in std::fs::read_dir(home.dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("sk-one"));
    }
    let agent = home.agent(&plane).await;
    assert_eq!(key(&agent.configs().borrow()), Some("sk-one-0123456789abcdef"));
    let (_session, hello) = plane.welcomed().await;
    assert_eq!(hello.applied, Some(one.version_hash()));
}

#[tokio::test]
async fn a_document_that_is_taken_while_the_agent_stops_is_known_at_the_next_start() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let (asked, taken) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (asks, takes) = (Arc::clone(&asked), Arc::clone(&taken));
    let options = home.options(&plane.url()).handler(move |_| {
        let (asks, takes) = (Arc::clone(&asks), Arc::clone(&takes));
        async move {
            asks.notify_one();
            takes.notified().await;
            Ok(())
        }
    });
    let agent = ReeveAgent::connect(options).await.unwrap();
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(3, "sk-one"));
    asked.notified().await;
    tokio::join!(agent.shutdown(), async { taken.notify_one() });
    assert_eq!(session.status().await.status, StatusKind::Applied);
    let agent = home.agent(&plane).await;
    assert_eq!(key(&agent.configs().borrow()), Some("sk-one"));
}

#[tokio::test]
async fn the_last_good_document_is_used_while_the_control_plane_is_away() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(3, "sk-one"));
    session.status().await;
    let address = plane.kill().await;

    // It runs on, and starts again.
    let (_, status) = waiting(&agent).await;
    assert_eq!(status.running, Some(active(3, "sk-one").version_hash()));
    assert_eq!(key(&agent.configs().borrow()), Some("sk-one"));
    agent.shutdown().await;
    let agent = ReeveAgent::connect(home.options(&format!("http://{address}"))).await.unwrap();
    let state = agent.configs().borrow().clone();
    assert!(state.current().unwrap().from_disk);
    assert_eq!(key(&state), Some("sk-one"));

    // And goes on by itself when the control plane is back.
    let mut plane = FakePlane::start_at(address).await;
    let (mut session, hello) = plane.welcomed().await;
    assert_eq!(hello.applied.unwrap().version, 3);
    session.config(&active(4, "sk-two"));
    assert_eq!(session.status().await.version, 4);
    assert_eq!(key(&*version(&mut agent.configs(), 4).await), Some("sk-two"));
}

#[tokio::test]
async fn a_program_that_refuses_keeps_its_last_good_document() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let options = home.options(&plane.url()).handler(|current| async move {
        match current.version {
            2 => Err(Rejection::new("no-tools", "this program needs tools").at("config.model")),
            3 => panic!("the program crashes"),
            _ => Ok(()),
        }
    });
    let agent = ReeveAgent::connect(options).await.unwrap();
    let (mut session, _) = plane.welcomed().await;
    let one = active(1, "sk-one");
    session.config(&one);
    assert_eq!(session.status().await.status, StatusKind::Applied);
    for (version, code) in [(2, "no-tools"), (3, "handler-failed")] {
        session.config(&active(version, "sk-other"));
        let status = session.status().await;
        assert_eq!((status.status, status.version), (StatusKind::Rejected, version));
        assert_eq!((status.code.as_deref(), status.running), (Some(code), Some(one.version_hash())));
    }
    assert_eq!(key(&agent.configs().borrow()), Some("sk-one"));
    let rejected = agent.status().rejected.unwrap();
    assert_eq!((rejected.version, rejected.code.as_str()), (3, "handler-failed"));

    session.cut();
    let (_session, hello) = plane.welcomed().await;
    assert_eq!((hello.applied, hello.rejected.unwrap().version), (Some(one.version_hash()), 3));
}

#[tokio::test]
async fn a_program_that_hangs_is_told_as_a_rejection() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let timing = Timing { handler: Duration::from_millis(20), ..Timing::default() };
    let options = home.options(&plane.url()).timing(timing).handler(|_| std::future::pending());
    let _agent = ReeveAgent::connect(options).await.unwrap();
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(1, "sk-one"));
    let status = session.status().await;
    assert_eq!((status.status, status.code.as_deref()), (StatusKind::Rejected, Some("handler-failed")));
}

#[tokio::test]
async fn a_handler_is_asked_about_the_document_on_disk_too() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(1, "sk-one"));
    session.status().await;
    agent.shutdown().await;

    let options = home.options(&plane.url()).handler(|current| async move {
        assert!(current.from_disk);
        Err(Rejection::new("no", "not any more"))
    });
    let agent = ReeveAgent::connect(options).await.unwrap();
    let (_session, hello) = plane.welcomed().await;
    assert_eq!((hello.applied, hello.rejected), (None, Some(active(1, "sk-one").version_hash())));
    assert_eq!(**agent.configs().borrow(), AgentConfigState::Waiting);
}

#[tokio::test]
async fn unavailable_leaves_no_key_anywhere() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(1, "sk-one"));
    session.status().await;
    session.config(&unavailable(2));
    assert_eq!(session.status().await.version, 2);
    assert_eq!(key(&*version(&mut agent.configs(), 2).await), None);
    let on_disk = home.dir.last_config(&home.identity).unwrap();
    assert_eq!((on_disk.current().unwrap().version, key(&on_disk)), (2, None));
    // The session goes on: the next document puts it right.
    session.config(&env(3));
    assert_eq!(session.status().await.version, 3);
    assert_eq!(version(&mut agent.configs(), 3).await.current().unwrap().document.state(), "env");
}

async fn expect_revoked(home: &Home, agent: ReeveAgent, plane: &FakePlane) {
    until("revoked", &mut agent.configs(), |state| **state == AgentConfigState::Revoked).await;
    let refused = |status: &AgentStatus| matches!(status.connection, Connection::Refused { .. });
    until("refused", &mut agent.statuses(), refused).await;
    let dials = *plane.dials().borrow();
    // The agent has stopped by itself; nothing is left on disk to go on with.
    soon("the end", agent.shutdown()).await;
    assert_eq!(*plane.dials().borrow(), dials);
    assert!(!home.dir.file("last-config").exists());
    let saved = home.dir.saved_status().unwrap().unwrap().status;
    assert!(matches!(saved.connection, Connection::Refused { .. }), "{saved:?}");
}

#[tokio::test]
async fn revoked_by_message_close_code_or_refusal_wipes_and_stays_away() {
    let ways: [fn(&FakePlane, &support::Session); 3] = [
        |_, session| session.say(ToAgent::Revoked(Revoked { reason: Some("lost laptop".into()) })),
        |_, session| session.close(4403, "revoked"),
        |plane, session| {
            plane.refuse_all(Some(Refusal { status: 403, code: "agent-revoked", retry_after: None }));
            session.cut();
        },
    ];
    for way in ways {
        let mut plane = FakePlane::start().await;
        let home = Home::new();
        let agent = home.agent(&plane).await;
        let (mut session, _) = plane.welcomed().await;
        session.config(&active(1, "sk-one"));
        session.status().await;
        assert!(home.dir.file("last-config").exists());
        way(&plane, &session);
        expect_revoked(&home, agent, &plane).await;
    }
}

#[tokio::test]
async fn superseded_does_not_fight() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    // With the protocol's own times: the next dial is the better part of a minute away.
    let options = home.options(&plane.url()).timing(Timing::default());
    let agent = ReeveAgent::connect(options).await.unwrap();
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(1, "sk-one"));
    session.status().await;
    session.close(4409, "superseded");
    let (why, status) = waiting(&agent).await;
    assert!(why.contains("superseded"), "{why}");
    let Connection::Waiting { until, .. } = status.connection else { panic!() };
    let saved = home.dir.saved_status();
    let left = until.signed_duration_since(soon_after(saved)).num_seconds();
    assert!((50..=61).contains(&left), "{left}");
    assert_eq!(key(&agent.configs().borrow()), Some("sk-one"), "what it has stays good");
    assert_eq!(*plane.dials().borrow(), 1);
}

/// The time at which a status was stored; about now.
fn soon_after(saved: Result<Option<reeve_agent::SavedStatus>, AgentError>) -> chrono::DateTime<chrono::Utc> {
    saved.unwrap().unwrap().updated_at
}

#[tokio::test]
async fn goaway_leaves_and_comes_back() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.say(ToAgent::Goaway(Goaway { retry_after_ms: 10, spread_ms: 10 }));
    session.gone().await;
    let (_session, _) = plane.welcomed().await;
    let connected = |status: &AgentStatus| matches!(status.connection, Connection::Connected { .. });
    let status = until("connected again", &mut agent.statuses(), connected).await;
    assert_eq!(status.last_error, None);
}

#[tokio::test]
async fn refusals_are_tried_again_with_a_fresh_proof() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    for (status, code) in [(401, "agent-unknown"), (401, "token-expired"), (429, "busy"), (500, "internal")] {
        plane.refuse_next(Refusal { status, code, retry_after: None });
    }
    plane.refuse_next(Refusal { status: 503, code: "busy", retry_after: Some("0") });
    let _agent = home.agent(&plane).await;
    // The fake refuses a proof that it has seen, so this also shows that each was new.
    plane.welcomed().await;
    assert_eq!(*plane.dials().borrow(), 6);
}

#[tokio::test]
async fn retry_after_is_honoured_and_shown() {
    let plane = FakePlane::start().await;
    let home = Home::new();
    plane.refuse_all(Some(Refusal { status: 503, code: "busy", retry_after: Some("300") }));
    let agent = home.agent(&plane).await;
    let (why, status) = waiting(&agent).await;
    assert!(why.contains("503") && why.contains("busy") && why.contains("req-1"), "{why}");
    let Connection::Waiting { until, .. } = status.connection else { panic!() };
    agent.shutdown().await;
    let left = until.signed_duration_since(soon_after(home.dir.saved_status())).num_seconds();
    assert!((290..=301).contains(&left), "{left}");
    assert_eq!(*plane.dials().borrow(), 1);
}

#[tokio::test]
async fn a_pending_agent_is_shown_as_such_and_goes_on_in_the_same_session() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let mut session = plane.session().await;
    session.hello().await;
    session.say(ToAgent::RegistrationPending(RegistrationPending { message: "wait for an admin".into() }));
    let pending = |status: &AgentStatus| matches!(&status.connection, Connection::Pending { message } if message == "wait for an admin");
    until("pending", &mut agent.statuses(), pending).await;
    session.say(ToAgent::RegistrationApproved(RegistrationApproved { realms: vec!["research".into()] }));
    session.welcome();
    session.config(&active(1, "sk-one"));
    assert_eq!(session.status().await.status, StatusKind::Applied);
    assert_eq!(*plane.dials().borrow(), 1);
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_the_session_goes_on() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let _agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    for (text, code) in [
        ("nonsense".to_owned(), "bad-envelope"),
        (
            r#"{"type":"newer","messageId":"m","timestamp":"2026-11-20T10:00:00Z","payload":{}}"#.to_owned(),
            "unknown-type",
        ),
    ] {
        session.say_text(&text);
        match session.heard().await {
            FromAgent::Error(error) => assert_eq!(error.code, code),
            other => panic!("{other:?}"),
        }
    }
    session.config(&active(1, "sk-one"));
    assert_eq!(session.status().await.status, StatusKind::Applied);
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_session_and_the_agent_comes_back() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let _agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.say_text(&" ".repeat(1024 * 1024 + 1));
    session.gone().await;
    plane.welcomed().await;
}

#[tokio::test]
async fn heartbeats_say_what_runs_and_what_was_used() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let (mut session, _) = plane.welcomed().await;
    session.config(&active(1, "sk-one"));
    let usage = TokenUsage { prompt_tokens: 10, completion_tokens: 2 };
    agent.report_usage(usage);
    let heartbeat = loop {
        match soon("a heartbeat", session.agent.recv()).await.unwrap() {
            FromAgent::Heartbeat(heartbeat) if heartbeat.applied.is_some() => break heartbeat,
            _ => {}
        }
    };
    assert_eq!(heartbeat.token_usage, Some(usage));
    assert_eq!(heartbeat.active_llm.unwrap().model, "openai/gpt-4o");
}

#[tokio::test]
async fn a_directory_has_one_session_and_a_dropped_agent_gives_it_back() {
    let mut plane = FakePlane::start().await;
    let home = Home::new();
    let agent = home.agent(&plane).await;
    let held = ReeveAgent::connect(home.options(&plane.url())).await.unwrap_err();
    assert!(matches!(held, AgentError::Held { .. }), "{held}");
    let (mut session, _) = plane.welcomed().await;
    drop(agent);
    session.gone().await;
    // The lock goes with the task, just after the socket.
    soon("the lock", async {
        loop {
            match home.dir.lock_session() {
                Ok(_) => break,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
}
