//! Plain tests of the protocol's rules, one input after the other on a clock that the test moves.

use reeve_protocol::{
    AgentDid, Detail, Document, Empty, Envelope, ErrorMessage, Goaway, Hello, LlmConfig, LlmConfigStatus,
    ProtocolRange, RegistrationApproved, RegistrationPending, RegistrationRejected, Revoked, StatusKind,
    VersionHash,
};

use super::*;

struct Rig {
    machine: Machine,
    now: Instant,
}

impl Rig {
    /// A machine whose jitter is always the whole span.
    fn new() -> Self {
        Self::with_random(|| 1.0)
    }

    fn with_random(random: fn() -> f64) -> Self {
        let facts = Facts {
            instance_id: Uuid::nil(),
            agent_version: "1.2.3".into(),
            capabilities: vec!["restart".into()],
            timing: Timing::default(),
            random,
        };
        let now = Instant::now();
        Self { machine: Machine::new(facts, now), now }
    }

    /// A machine in a full session.
    fn connected() -> Self {
        let mut rig = Self::new();
        rig.connect();
        rig
    }

    fn connect(&mut self) {
        if matches!(self.machine.phase, Phase::Idle) {
            assert_eq!(self.step(Input::Start), [Output::Dial]);
        }
        self.step(Input::Opened);
        assert_eq!(self.step(Input::Frame(ToAgent::Welcome(welcome()))), []);
    }

    fn step(&mut self, input: Input) -> Vec<Output> {
        self.machine.step(self.now, input)
    }

    fn offer(&mut self, message: &LlmConfigMessage) -> Vec<Output> {
        self.step(Input::Frame(ToAgent::LlmConfig(message.clone())))
    }

    /// Offers a document and has the program take it.
    fn take(&mut self, message: &LlmConfigMessage) -> Vec<Output> {
        let asked = self.offer(message);
        assert_eq!(asked.last(), Some(&Output::Handle(Arc::new(message.clone()))));
        self.step(Input::Handled(Ok(())))
    }

    fn close(&mut self, code: u16) -> Vec<Output> {
        self.step(Input::Closed { code: Some(code), why: format!("closed with {code}") })
    }

    /// Seconds until the next dial.
    fn wait(&self) -> f64 {
        match &self.machine.phase {
            Phase::Waiting { until, .. } => until.duration_since(self.now).as_secs_f64(),
            other => panic!("not waiting but {other:?}"),
        }
    }

    /// Lets the wait pass, and dials.
    fn redial(&mut self) {
        self.now = self.machine.deadline().unwrap();
        assert_eq!(self.step(Input::Tick), [Output::Dial]);
    }

    fn hello(&mut self) -> Hello {
        match self.step(Input::Opened).as_slice() {
            [Output::Send(FromAgent::Hello(hello))] => hello.clone(),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn welcome() -> Welcome {
    Welcome {
        protocol: 1,
        session_id: Uuid::nil(),
        epoch: 1,
        heartbeat_seconds: 10,
        capabilities: vec![],
        did: AgentDid::from_public_key(&[1; 32]),
        name: "a".into(),
    }
}

pub(super) fn active(version: i64, key: &str) -> LlmConfigMessage {
    let config: LlmConfig = serde_json::from_value(serde_json::json!({
        "provider": "openai-compatible", "model": "openai/gpt-4o", "baseUrl": "https://x/v1", "apiKey": key
    }))
    .unwrap();
    LlmConfigMessage::new(version, Document::Active(Box::new(config)), "grant")
}

pub(super) fn unavailable(version: i64) -> LlmConfigMessage {
    let detail = Detail { code: "no-grant".into(), message: "none".into() };
    LlmConfigMessage::new(version, Document::Unavailable(detail), "revoke")
}

fn current(message: &LlmConfigMessage) -> AgentConfigState {
    AgentConfigState::Current(crate::CurrentConfig::new(message, false))
}

fn in_use(message: &LlmConfigMessage) -> Vec<Output> {
    vec![Output::Persist(Arc::new(message.clone())), Output::Publish(current(message))]
}

fn applied(message: &LlmConfigMessage) -> Output {
    Output::Send(FromAgent::LlmConfigStatus(LlmConfigStatus::applied(message.version_hash())))
}

fn status(outputs: &[Output]) -> LlmConfigStatus {
    match outputs {
        [Output::Send(FromAgent::LlmConfigStatus(status))] => status.clone(),
        other => panic!("{other:?}"),
    }
}

fn refusal(outputs: &[Output]) -> (i64, String, Option<VersionHash>) {
    let status = status(outputs);
    assert_eq!(status.status, StatusKind::Rejected);
    (status.version, status.code.unwrap(), status.running)
}

#[test]
fn a_session_begins_with_what_runs() {
    let mut rig = Rig::new();
    rig.machine.restore(Arc::new(active(5, "k5")), Ok(()));
    rig.step(Input::Start);
    let hello = rig.hello();
    assert_eq!(hello.protocol, ProtocolRange::OURS);
    assert_eq!(hello.applied, Some(active(5, "k5").version_hash()));
    assert_eq!((hello.rejected, hello.capabilities), (None, vec!["restart".to_owned()]));
}

#[test]
fn a_document_is_stored_shown_and_reported_once_the_program_took_it() {
    let mut rig = Rig::connected();
    let one = active(1, "k1");
    assert_eq!(rig.offer(&one), [Output::Handle(Arc::new(one.clone()))]);
    let mut expected = in_use(&one);
    expected.push(applied(&one));
    assert_eq!(rig.step(Input::Handled(Ok(()))), expected);
    // Again the same, or the same content at a newer version: the program is not asked.
    assert_eq!(rig.offer(&one), [applied(&one)]);
    let same = active(2, "k1");
    let mut expected = in_use(&same);
    expected.push(applied(&same));
    assert_eq!(rig.offer(&same), expected);
}

#[test]
fn a_rejection_keeps_what_runs_and_is_told_at_the_next_hello() {
    let mut rig = Rig::connected();
    let (one, two) = (active(1, "k1"), active(2, "k2"));
    rig.take(&one);
    rig.offer(&two);
    let out = rig.step(Input::Handled(Err(Rejection::new("too-small", "no tools").at("config.model"))));
    let status = status(&out);
    assert_eq!((status.status, status.version), (StatusKind::Rejected, 2));
    assert_eq!((status.code.as_deref(), status.field.as_deref()), (Some("too-small"), Some("config.model")));
    assert_eq!(status.running, Some(one.version_hash()));

    rig.close(1001);
    rig.redial();
    let hello = rig.hello();
    assert_eq!((hello.applied, hello.rejected), (Some(one.version_hash()), Some(two.version_hash())));
    // What is taken later clears it.
    rig.step(Input::Frame(ToAgent::Welcome(welcome())));
    rig.take(&active(3, "k3"));
    assert!(rig.machine.rejected().is_none());
}

#[test]
fn a_version_never_goes_back() {
    let mut rig = Rig::connected();
    let five = active(5, "k5");
    rig.take(&five);
    let running = Some(five.version_hash());
    assert_eq!(refusal(&rig.offer(&active(4, "k4"))), (4, "version-regressed".into(), running.clone()));
    assert_eq!(refusal(&rig.offer(&unavailable(4))), (4, "version-regressed".into(), running));
    // Also not below what the program is just looking at.
    rig.offer(&active(9, "k9"));
    assert_eq!(refusal(&rig.offer(&active(8, "k8"))).1, "version-regressed");
    // The same version with other content is not a step back.
    let other = active(9, "k9b");
    assert_eq!(rig.offer(&other), []);
    let out = rig.step(Input::Handled(Ok(())));
    assert_eq!(out.last(), Some(&Output::Handle(Arc::new(other))));
}

#[test]
fn a_version_does_not_go_back_over_a_restart_either() {
    let mut rig = Rig::new();
    rig.machine.restore(Arc::new(unavailable(7)), Ok(()));
    rig.connect();
    assert_eq!(refusal(&rig.offer(&active(6, "k6"))).1, "version-regressed");
}

#[test]
fn a_wrong_hash_is_refused() {
    let mut rig = Rig::connected();
    let mut wrong = active(1, "k1");
    wrong.hash = "0".repeat(64);
    assert_eq!(refusal(&rig.offer(&wrong)), (1, "hash-mismatch".into(), None));
}

#[test]
fn a_document_that_cannot_be_read_is_refused_by_name() {
    let mut rig = Rig::connected();
    let text = r#"{"type":"llm_config","messageId":"m","timestamp":"2026-11-20T10:00:00Z",
        "payload":{"version":3,"hash":"h","state":"active","config":{"provider":"p"}}}"#;
    let error = Envelope::<ToAgent>::decode(text).unwrap_err();
    let out = rig.step(Input::Unreadable(error));
    assert_eq!(refusal(&out), (3, "bad-document".into(), None));
    assert_eq!(status(&out).field.as_deref(), Some("config.model"));
}

#[test]
fn other_messages_that_cannot_be_read_are_answered_with_an_error() {
    let mut rig = Rig::connected();
    for (text, code) in [
        ("nonsense", "bad-envelope"),
        (r#"{"type":"goaway","messageId":"m","timestamp":"2026-11-20T10:00:00Z"}"#, "bad-payload"),
    ] {
        let error = Envelope::<ToAgent>::decode(text).unwrap_err();
        match rig.step(Input::Unreadable(error)).as_slice() {
            [Output::Send(FromAgent::Error(error))] => assert_eq!(error.code, code),
            other => panic!("{other:?}"),
        }
    }
    match rig.step(Input::Frame(ToAgent::Unknown { kind: "telemetry".into() })).as_slice() {
        [Output::Send(FromAgent::Error(error))] => {
            assert_eq!(error.code, "unknown-type");
            assert!(error.message.contains("`telemetry`"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        rig.step(Input::Frame(ToAgent::Error(ErrorMessage::new("x", "y")))),
        [],
        "errors are not answered"
    );
}

#[test]
fn only_the_newest_waiting_document_is_handed_on_and_reported() {
    let mut rig = Rig::connected();
    rig.offer(&active(1, "k1"));
    assert_eq!(rig.offer(&active(2, "k2")), []);
    assert_eq!(rig.offer(&active(3, "k3")), []);
    let mut expected = in_use(&active(1, "k1"));
    expected.push(Output::Handle(Arc::new(active(3, "k3"))));
    assert_eq!(rig.step(Input::Handled(Ok(()))), expected);
    // The newer one is refused: what runs is the one before it.
    let refused = refusal(&rig.step(Input::Handled(Err(Rejection::new("no", "no")))));
    assert_eq!(refused, (3, "no".into(), Some(active(1, "k1").version_hash())));
}

#[test]
fn a_document_that_is_sent_again_while_the_program_looks_is_answered_once() {
    let mut rig = Rig::connected();
    rig.offer(&active(1, "k1"));
    assert_eq!(rig.offer(&active(1, "k1")), []);
    let mut expected = in_use(&active(1, "k1"));
    expected.push(applied(&active(1, "k1")));
    assert_eq!(rig.step(Input::Handled(Ok(()))), expected);
}

#[test]
fn unavailable_drops_the_key_before_the_program_is_asked() {
    let mut rig = Rig::connected();
    rig.take(&active(1, "k1"));
    let gone = unavailable(2);
    let asked = rig.offer(&gone);
    assert_eq!(asked[0], Output::Publish(current(&gone)));
    assert_eq!(asked[1..], [Output::Persist(Arc::new(gone.clone())), Output::Handle(Arc::new(gone.clone()))]);
    // It has no say in this.
    assert_eq!(rig.step(Input::Handled(Err(Rejection::new("no", "no")))), [applied(&gone)]);
    assert_eq!(rig.machine.running().unwrap().version, 2);
}

#[test]
fn what_was_taken_away_meanwhile_is_not_put_in_use() {
    let mut rig = Rig::connected();
    rig.offer(&active(1, "k1"));
    let gone = unavailable(2);
    assert_eq!(rig.offer(&gone), [Output::Publish(current(&gone)), Output::Persist(Arc::new(gone.clone()))]);
    assert_eq!(rig.step(Input::Handled(Ok(()))), [Output::Handle(Arc::new(gone.clone()))]);
    assert_eq!(rig.step(Input::Handled(Ok(()))), [applied(&gone)]);
}

#[test]
fn what_was_taken_away_meanwhile_stays_so_when_more_follows() {
    let mut rig = Rig::connected();
    rig.offer(&active(1, "k1"));
    rig.offer(&unavailable(2));
    let three = active(3, "k3");
    assert_eq!(rig.offer(&three), []);
    // The program took the first, whose key is no longer good: only the newest is handed on.
    assert_eq!(rig.step(Input::Handled(Ok(()))), [Output::Handle(Arc::new(three.clone()))]);
    assert_eq!(rig.machine.running().unwrap().version, 2);
    let mut expected = in_use(&three);
    expected.push(applied(&three));
    assert_eq!(rig.step(Input::Handled(Ok(()))), expected);
}

#[test]
fn the_own_environment_is_a_document_like_any_other() {
    let mut rig = Rig::connected();
    let env = LlmConfigMessage::new(4, Document::Env, "mode");
    let mut expected = in_use(&env);
    expected.push(applied(&env));
    assert_eq!(rig.take(&env), expected);
}

#[test]
fn without_a_session_a_status_waits_for_hello() {
    let mut rig = Rig::connected();
    let one = active(1, "k1");
    rig.offer(&one);
    rig.close(1006);
    assert_eq!(rig.step(Input::Handled(Ok(()))), in_use(&one));
    rig.redial();
    assert_eq!(rig.hello().applied, Some(one.version_hash()));
}

#[test]
fn waits_double_and_start_again_only_after_a_minute_of_health() {
    let mut rig = Rig::new();
    rig.step(Input::Start);
    for expected in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
        rig.step(Input::DialFailed(DialFailure::Unreachable("refused".into())));
        assert!((rig.wait() - expected).abs() < 0.001, "{} is not {expected}", rig.wait());
        rig.redial();
    }
    // A session that dies young changes nothing.
    rig.connect();
    rig.now += Duration::from_secs(59);
    rig.close(1001);
    assert!((rig.wait() - 60.0).abs() < 0.001);
    rig.redial();
    rig.connect();
    rig.now += Duration::from_mins(1);
    rig.close(1001);
    assert!((rig.wait() - 1.0).abs() < 0.001);
}

#[test]
fn retry_after_is_the_least() {
    let refused = |seconds| {
        let problem = Problem { status: 503, ..Problem::default() };
        Input::DialFailed(DialFailure::Refused { problem, retry_after: Some(Duration::from_secs(seconds)) })
    };
    let mut rig = Rig::with_random(|| 0.0);
    rig.step(Input::Start);
    rig.step(refused(30));
    assert!((rig.wait() - 30.0).abs() < 0.001);
    let mut rig = Rig::new();
    rig.step(Input::Start);
    rig.step(refused(30));
    assert!((rig.wait() - 31.0).abs() < 0.001, "jitter on top");
    rig.redial();
    rig.step(refused(u64::MAX));
    assert!((rig.wait() - 3602.0).abs() < 0.001, "an hour at most");
}

#[test]
fn goaway_is_followed_and_spread() {
    let mut rig = Rig::with_random(|| 0.5);
    rig.connect();
    let out = rig.step(Input::Frame(ToAgent::Goaway(Goaway { retry_after_ms: 2_000, spread_ms: 10_000 })));
    assert!(matches!(out.as_slice(), [Output::Close { code: 1000, .. }]), "{out:?}");
    assert!((rig.wait() - 7.0).abs() < 0.001);
    assert_eq!(rig.close(1001), [], "the end of a socket that was left already is no news");
    assert!((rig.wait() - 7.0).abs() < 0.001);
}

#[test]
fn superseded_stays_away_for_the_longest_wait() {
    let mut rig = Rig::connected();
    rig.close(4409);
    assert!((54.0..=60.0).contains(&rig.wait()));
    assert!(rig.machine.last_error().unwrap().contains("superseded"));
}

type Prepare = fn(&mut Rig);

#[test]
fn refused_for_good_wipes_and_stops() {
    let revoked = Problem { status: 403, code: "agent-revoked".into(), ..Problem::default() };
    let inputs: [(Prepare, Input); 5] = [
        (Rig::connect, Input::Frame(ToAgent::Revoked(Revoked { reason: None }))),
        (Rig::connect, Input::Closed { code: Some(4403), why: "closed with 4403".into() }),
        (
            Rig::connect,
            Input::Frame(ToAgent::RegistrationRejected(RegistrationRejected { reason: "no".into() })),
        ),
        (
            |rig| assert_eq!(rig.step(Input::Start), [Output::Dial]),
            Input::DialFailed(DialFailure::Refused {
                problem: revoked,
                retry_after: Some(Duration::from_secs(1)),
            }),
        ),
        (
            |rig| {
                rig.connect();
                rig.offer(&active(2, "k2"));
            },
            Input::Frame(ToAgent::Revoked(Revoked { reason: Some("lost".into()) })),
        ),
    ];
    for (prepare, input) in inputs {
        let mut rig = Rig::new();
        rig.machine.restore(Arc::new(active(1, "k1")), Ok(()));
        prepare(&mut rig);
        let out = rig.step(input);
        let out: Vec<_> = out.into_iter().filter(|output| !matches!(output, Output::Close { .. })).collect();
        assert_eq!(out, [Output::Publish(AgentConfigState::Revoked), Output::Wipe]);
        assert!(rig.machine.is_finished() && rig.machine.deadline().is_none());
        assert!(rig.machine.running().is_none());
        // Nothing wakes it up again.
        assert_eq!(rig.step(Input::Handled(Ok(()))), []);
        assert_eq!(rig.step(Input::Tick), []);
    }
}

#[test]
fn other_refusals_are_tried_again_and_keep_what_runs() {
    for (status, code) in [(401, "agent-unknown"), (401, "token-expired"), (403, ""), (404, ""), (502, "")] {
        let mut rig = Rig::new();
        rig.machine.restore(Arc::new(active(1, "k1")), Ok(()));
        rig.step(Input::Start);
        let problem = Problem { status, code: code.into(), ..Problem::default() };
        assert_eq!(rig.step(Input::DialFailed(DialFailure::Refused { problem, retry_after: None })), []);
        assert!((rig.wait() - 1.0).abs() < 0.001);
        assert!(rig.machine.running().is_some());
    }
}

#[test]
fn three_unanswered_heartbeats_end_the_session() {
    let mut rig = Rig::connected();
    rig.take(&active(1, "k1"));
    for beat in 1..=3 {
        rig.now = rig.machine.deadline().unwrap();
        let out = rig.step(Input::Tick);
        match out.as_slice() {
            [Output::Send(FromAgent::Heartbeat(heartbeat)), Output::Ping] => {
                assert_eq!(heartbeat.uptime_seconds, beat * 10);
                assert_eq!(heartbeat.applied, Some(active(1, "k1").version_hash()));
                assert_eq!(heartbeat.active_llm.as_ref().unwrap().model, "openai/gpt-4o");
            }
            other => panic!("{other:?}"),
        }
    }
    rig.now = rig.machine.deadline().unwrap();
    let out = rig.step(Input::Tick);
    assert!(matches!(out.as_slice(), [Output::Close { code: 4408, .. }]), "{out:?}");
    assert!(rig.wait() <= 1.0);
}

#[test]
fn any_word_of_the_control_plane_counts_as_an_answer() {
    let mut rig = Rig::connected();
    for _ in 0..10 {
        rig.now = rig.machine.deadline().unwrap();
        assert_eq!(rig.step(Input::Tick).len(), 2);
        assert_eq!(rig.step(Input::Frame(ToAgent::Pong(Empty {}))), []);
    }
    let answer = rig.step(Input::Frame(ToAgent::Heartbeat(Empty {})));
    assert_eq!(answer, [Output::Send(FromAgent::Pong(Empty {}))]);
}

#[test]
fn a_tick_before_its_time_does_nothing() {
    let mut rig = Rig::connected();
    rig.now += Duration::from_secs(9);
    assert_eq!(rig.step(Input::Tick), []);
}

#[test]
fn a_dial_and_a_greeting_have_a_limit() {
    let mut rig = Rig::new();
    rig.step(Input::Start);
    rig.now = rig.machine.deadline().unwrap();
    assert_eq!(rig.step(Input::Tick), []);
    assert!(rig.wait() <= 1.0);
    // A dial that ends too late is not used.
    let late = rig.step(Input::Opened);
    assert!(matches!(late.as_slice(), [Output::Close { .. }]), "{late:?}");

    rig.redial();
    rig.step(Input::Opened);
    rig.now = rig.machine.deadline().unwrap();
    let out = rig.step(Input::Tick);
    assert!(matches!(out.as_slice(), [Output::Close { code: 4408, .. }]), "{out:?}");
}

#[test]
fn a_pending_agent_stays_and_goes_on_when_it_is_approved() {
    let mut rig = Rig::new();
    rig.step(Input::Start);
    rig.step(Input::Opened);
    rig.step(Input::Frame(ToAgent::RegistrationPending(RegistrationPending { message: "wait".into() })));
    assert!(matches!(rig.machine.view(), View::Pending { message: "wait" }));
    // Only heartbeats end this, not the limit of the greeting.
    for _ in 0..20 {
        rig.now = rig.machine.deadline().unwrap();
        assert_eq!(rig.step(Input::Tick).len(), 2);
        rig.step(Input::Frame(ToAgent::Pong(Empty {})));
    }
    rig.step(Input::Frame(ToAgent::RegistrationApproved(RegistrationApproved {
        realms: vec!["research".into()],
    })));
    rig.step(Input::Frame(ToAgent::Welcome(welcome())));
    assert!(matches!(rig.machine.view(), View::Connected { .. }));
    rig.take(&active(1, "k1"));
}

#[test]
fn a_protocol_version_that_is_not_spoken_ends_the_session() {
    let mut rig = Rig::new();
    rig.step(Input::Start);
    rig.step(Input::Opened);
    let out = rig.step(Input::Frame(ToAgent::Welcome(Welcome { protocol: 2, ..welcome() })));
    assert!(matches!(out.as_slice(), [Output::Close { .. }]), "{out:?}");
    let mut rig = Rig::connected();
    rig.close(4426);
    assert!(rig.wait() >= 54.0);
}

#[test]
fn shutdown_says_goodbye() {
    let mut rig = Rig::connected();
    let out = rig.step(Input::Shutdown);
    assert!(matches!(out.as_slice(), [Output::Close { code: 1000, .. }]), "{out:?}");
    assert!(matches!(rig.machine.view(), View::Stopped));
    let mut idle = Rig::new();
    idle.step(Input::Start);
    assert_eq!(idle.step(Input::Shutdown), []);
}

/// The golden frames of the protocol, one after the other, as a control plane could send them.
#[test]
fn every_golden_frame_is_understood() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/golden");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with("to-agent.") {
            continue;
        }
        let frame = Envelope::<ToAgent>::decode(&std::fs::read_to_string(&path).unwrap()).unwrap().message;
        assert!(!matches!(frame, ToAgent::Unknown { .. }));
        let mut rig = Rig::connected();
        let out = rig.step(Input::Frame(frame));
        let refused = out.iter().any(|output| {
            matches!(output, Output::Send(FromAgent::Error(_) | FromAgent::LlmConfigStatus(_)))
        });
        assert!(!refused, "{}: {out:?}", path.display());
        seen += 1;
    }
    assert!(seen >= 13, "{seen}");
}
