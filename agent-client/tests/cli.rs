//! The program `reeve-agent`, as it is run: its output, its exit codes, its signals, and what its commands find in
//! their environment.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use reeve_agent::StateDir;
use reeve_agent::protocol::{RegistrationPending, Revoked, StatusKind, ToAgent};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{FakePlane, Refusal, Session, TOKEN, active, env, soon, unavailable};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const KEY: &str = "sk-marker-0123456789-WXYZ";

struct Home {
    temp: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    /// An agent that has enrolled with this control plane.
    async fn enrolled(plane: &FakePlane) -> Self {
        let home = Self::new();
        let output = home.run(&["enroll", "--url", &plane.url(), "--token", TOKEN, "--name", "bot"]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        home
    }

    fn dir(&self) -> PathBuf {
        self.temp.path().join("agent")
    }

    /// The program with an empty environment, but for the path and the agent's directory.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reeve-agent"));
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("REEVE_AGENT_DIR", self.dir()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end. Whatever it says, it is not the key.
    async fn run(&self, arguments: &[&str]) -> Output {
        let child = self.command(arguments).spawn().unwrap();
        let output = soon(&format!("the end of {arguments:?}"), child.wait_with_output()).await.unwrap();
        assert!(!text(&output).contains("marker"), "{output:?}");
        output
    }

    fn start(&self, arguments: &[&str]) -> Program {
        let mut child = self.command(arguments).stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Held here: waiting for a child closes its standard input, which would end a command that reads it.
        let stdin = child.stdin.take().unwrap();
        Program { child, lines, stdin }
    }

    fn status(&self) -> StateDir {
        StateDir::open(self.dir()).unwrap()
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A running `reeve-agent`.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stdin: ChildStdin,
}

impl Program {
    async fn line(&mut self) -> String {
        soon("a line", self.lines.next_line()).await.unwrap().unwrap()
    }

    /// The next line of JSON that fulfils a condition.
    async fn json(&mut self, test: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line().await;
            assert!(!line.contains("marker"), "{line}");
            let value = serde_json::from_str(&line).unwrap();
            if test(&value) {
                return value;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    async fn code(&mut self) -> Option<i32> {
        soon("the end of the program", self.child.wait()).await.unwrap().code()
    }
}

/// Prints what it found, then runs until it is told to stop.
const SHOW_AND_STAY: [&str; 4] = ["--", "sh", "-c", "echo key=$OPENAI_API_KEY; exec cat"];

fn exec(options: &[&'static str]) -> Vec<&'static str> {
    [&["exec"], options, &SHOW_AND_STAY].concat()
}

/// The next session, welcomed and given a document.
async fn give(plane: &mut FakePlane, version: i64, key: &str) -> Session {
    let (session, _) = plane.welcomed().await;
    session.config(&active(version, key));
    session
}

#[tokio::test]
async fn enrolment_says_what_it_did() {
    let plane = FakePlane::start().await;
    let home = Home::new();
    let output = home.run(&["enroll", "--url", &plane.url(), "--name", "bot"]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("pending"), "{output:?}");
    // The URL, the name and the identity are remembered.
    let output = home.run(&["--output", "json", "enroll", "--token", TOKEN]).await;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["status"], &answer["name"]), (&"approved".into(), &"bot".into()));
    assert_eq!(answer["did"], home.status().load_identity().unwrap().did().as_str());
    for entry in std::fs::read_dir(home.dir()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test]
async fn what_cannot_be_done_has_an_exit_code_and_says_what_to_do() {
    let plane = FakePlane::start().await;
    let home = Home::new();
    let url = plane.url();
    for (arguments, code, says) in [
        (vec!["run"], 3, "reeve-agent enroll"),
        (vec!["exec", "--", "true"], 3, "reeve-agent enroll"),
        (vec!["enroll"], 2, "--url"),
        (vec!["enroll", "--url", "ftp://x"], 2, "https://"),
        (vec!["exec"], 2, "CMD"),
        (vec!["enroll", "--url", "http://127.0.0.1:1"], 5, "127.0.0.1:1"),
        (vec!["enroll", "--url", &url, "--token", "marker"], 4, "token-expired"),
        (vec!["serve", "--listen", "0.0.0.0:0"], 2, "127.0.0.1"),
    ] {
        let output = home.run(&arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
        assert!(text(&output).contains(says), "{arguments:?} {output:?}");
    }
    std::fs::set_permissions(home.dir().join("identity.pem"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    let output = home.run(&["run", "--url", &url]).await;
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("chmod 600"), "{output:?}");
}

#[tokio::test]
async fn run_prints_what_changes_and_never_the_key() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut run = home.start(&["run", "--output", "json"]);
    let (mut session, _) = plane.welcomed().await;
    run.json(|line| line["status"]["connection"]["state"] == "connected").await;
    session.config(&active(1, KEY));
    let line = run.json(|line| line["config"]["state"] == "active").await;
    assert_eq!(line["config"]["config"]["apiKeyFingerprint"], "...WXYZ");
    session.status().await;

    // What `status` says meanwhile.
    let output = home.run(&["status", "--output", "json"]).await;
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["holder"], run.child.id().unwrap().to_string());
    assert_eq!((&status["config"]["version"], &status["name"]), (&1.into(), &"bot".into()));
    let second = home.run(&["run"]).await;
    assert_eq!(second.status.code(), Some(8), "{second:?}");

    run.signal(Signal::TERM);
    assert_eq!(run.code().await, Some(0));
    session.gone().await;
    let output = text(&home.run(&["status"]).await);
    assert!(output.contains("not running") && output.contains("...WXYZ"), "{output}");
}

#[tokio::test]
async fn run_ends_when_the_agent_is_revoked() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut run = home.start(&["run", "--output", "json"]);
    let session = give(&mut plane, 1, KEY).await;
    run.json(|line| line["config"]["state"] == "active").await;
    session.say(ToAgent::Revoked(Revoked { reason: Some("lost".into()) }));
    run.json(|line| line["config"]["state"] == "revoked").await;
    assert_eq!(run.code().await, Some(6));
    assert!(!home.dir().join("last-config").exists());
}

/// A control plane that was set up anew counts from the beginning.
#[tokio::test]
async fn enrolling_again_starts_anew_with_versions() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&["exec", "--", "true"]);
    let _session = give(&mut plane, 9, "sk-old").await;
    assert_eq!(program.code().await, Some(0));
    let output = home.run(&["enroll"]).await;
    assert_eq!(output.status.code(), Some(0));
    let mut program = home.start(&exec(&[]));
    let (mut session, hello) = plane.welcomed().await;
    assert_eq!(hello.applied, None);
    session.config(&active(1, "sk-new"));
    assert_eq!(session.status().await.status, StatusKind::Applied);
    assert_eq!(program.line().await, "key=sk-new");
}

#[tokio::test]
async fn exec_gives_the_config_and_ends_with_the_commands_code() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let script = "env | grep -E 'OPENAI|LITELLM|ANTHROPIC|REEVE' | sort; exit 42";
    let mut command = home.command(&["exec", "--", "sh", "-c", script]);
    command.env("ANTHROPIC_API_KEY", "its-own").env("REEVE_ENROLL_TOKEN", "secret").env("RUST_LOG", "trace");
    let child = command.spawn().unwrap();
    let mut session = give(&mut plane, 1, KEY).await;
    assert_eq!(session.status().await.status, StatusKind::Applied);
    let output = soon("the end", child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(42));
    let expected = format!(
        "ANTHROPIC_AUTH_TOKEN={KEY}\nANTHROPIC_BASE_URL=https://llm.example\nANTHROPIC_MODEL=openai/gpt-4o\n\
         LITELLM_API_KEY={KEY}\nLITELLM_BASE_URL=https://llm.example\nLITELLM_PROXY_API_BASE=https://llm.example\n\
         LITELLM_PROXY_API_KEY={KEY}\nOPENAI_API_BASE=https://llm.example/v1\nOPENAI_API_KEY={KEY}\n\
         OPENAI_BASE_URL=https://llm.example/v1\nOPENAI_MODEL=openai/gpt-4o\nREEVE_AGENT_DIR={}\n",
        home.dir().display()
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("a document came") && !log.contains("marker"), "no frame is ever logged: {log}");
    session.gone().await;
}

#[tokio::test]
async fn exec_leaves_the_own_environment_alone_in_env_state() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut command = home.command(&["exec", "--", "sh", "-c", "echo $OPENAI_API_KEY $ANTHROPIC_API_KEY"]);
    command.env("OPENAI_API_KEY", "own-1").env("ANTHROPIC_API_KEY", "own-2");
    let child = command.spawn().unwrap();
    let (session, _) = plane.welcomed().await;
    session.config(&env(1));
    let output = soon("the end", child.wait_with_output()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "own-1 own-2\n");
}

#[tokio::test]
async fn exec_ends_as_a_shell_would() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    for (command, code) in [
        (vec!["no-such-command-at-all"], 127),
        (vec!["/"], 126),
        (vec!["sh", "-c", "kill -TERM $$"], 143),
        (vec!["true"], 0),
    ] {
        let mut program = home.start(&[&["exec", "--"], command.as_slice()].concat());
        let _session = give(&mut plane, 1, KEY).await;
        assert_eq!(program.code().await, Some(code), "{command:?}");
        // Every round gets the document anew.
        let _ = std::fs::remove_file(home.dir().join("last-config"));
    }
}

#[tokio::test]
async fn exec_gives_up_when_no_config_comes_and_says_why() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    // A control plane that has nothing for it.
    let program = home.command(&["exec", "--wait", "1", "--", "true"]).spawn().unwrap();
    let (mut session, _) = plane.welcomed().await;
    session.config(&unavailable(1));
    session.status().await;
    let output = soon("the end", program.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(text(&output).contains("no-grant"), "{output:?}");
    // One that has not approved it.
    let program = home.command(&["exec", "--wait", "1", "--", "true"]).spawn().unwrap();
    let session = plane.session().await;
    session.say(ToAgent::RegistrationPending(RegistrationPending { message: "ask Ann".into() }));
    let output = soon("the end", program.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(text(&output).contains("ask Ann"), "{output:?}");
    // And one that is away.
    plane.refuse_all(Some(Refusal { status: 503, code: "busy", retry_after: Some("60") }));
    let output = home.run(&["exec", "--wait", "1", "--", "true"]).await;
    assert_eq!(output.status.code(), Some(7));
    assert!(text(&output).contains("503"), "{output:?}");
}

#[tokio::test]
async fn exec_uses_what_is_on_disk_while_the_control_plane_is_away_and_when_it_is_still_the_wanted_one() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&["exec", "--", "true"]);
    let _session = give(&mut plane, 1, KEY).await;
    assert_eq!(program.code().await, Some(0));

    let mut program = home.start(&exec(&[]));
    let (mut session, hello) = plane.welcomed().await;
    assert_eq!(hello.applied.unwrap().version, 1);
    assert_eq!(program.line().await, format!("key={KEY}"));
    program.signal(Signal::TERM);
    assert_eq!(program.code().await, Some(143));
    session.gone().await;

    plane.kill().await;
    let mut program = home.start(&exec(&[]));
    assert_eq!(program.line().await, format!("key={KEY}"));
}

#[tokio::test]
async fn exec_starts_with_what_is_newer_than_what_is_on_disk() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&["exec", "--", "true"]);
    let _session = give(&mut plane, 1, KEY).await;
    assert_eq!(program.code().await, Some(0));
    let mut program = home.start(&exec(&[]));
    let mut session = give(&mut plane, 2, "sk-newer").await;
    assert_eq!(session.status().await.status, StatusKind::Applied);
    assert_eq!(program.line().await, "key=sk-newer");
}

#[tokio::test]
async fn exec_passes_signals_on() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let script = "trap 'echo hup' HUP; trap 'exit 5' INT; echo ready; while :; do read -r line; done";
    let mut program = home.start(&["exec", "--", "sh", "-c", script]);
    let _session = give(&mut plane, 1, KEY).await;
    assert_eq!(program.line().await, "ready");
    program.signal(Signal::HUP);
    // `read` ends with the signal in some shells only; a line lets every shell run its trap.
    program.stdin.write_all(b"\n").await.unwrap();
    assert_eq!(program.line().await, "hup");
    program.signal(Signal::INT);
    // It may be gone already.
    let _ = program.stdin.write_all(b"\n").await;
    assert_eq!(program.code().await, Some(5));
}

#[tokio::test]
async fn exec_restarts_on_change_before_it_says_applied() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&exec(&["--restart-on-change"]));
    let mut session = give(&mut plane, 1, "sk-one").await;
    assert_eq!(program.line().await, "key=sk-one");
    session.status().await;
    session.config(&active(2, "sk-two"));
    assert_eq!(program.line().await, "key=sk-two");
    assert_eq!((session.status().await.status, session.agent.is_closed()), (StatusKind::Applied, false));
    // Nothing may be used: it is stopped, and comes back with the next config.
    session.config(&unavailable(3));
    assert_eq!(session.status().await.version, 3);
    session.config(&active(4, "sk-four"));
    assert_eq!(program.line().await, "key=sk-four");
    // Revoked: it ends.
    session.say(ToAgent::Revoked(Revoked::default()));
    assert_eq!(program.code().await, Some(6));
}

#[tokio::test]
async fn exec_without_restart_says_what_the_command_still_uses() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&exec(&[]));
    let mut session = give(&mut plane, 1, "sk-one").await;
    assert_eq!(program.line().await, "key=sk-one");
    assert_eq!(session.status().await.status, StatusKind::Applied);
    session.config(&active(2, "sk-two"));
    let status = session.status().await;
    assert_eq!((status.status, status.code.as_deref()), (StatusKind::Rejected, Some("restart-needed")));
    assert_eq!(status.running, Some(active(1, "sk-one").version_hash()));
    // A change that the command would not see is no change for it.
    let mut same = active(3, "sk-one");
    if let reeve_agent::protocol::Document::Active(config) = &mut same.document {
        config.max_tokens = Some(9);
    }
    session.config(&reeve_agent::protocol::LlmConfigMessage::new(3, same.document, "grant"));
    assert_eq!(session.status().await.status, StatusKind::Applied);
    program.signal(Signal::TERM);
    assert_eq!(program.code().await, Some(143));
}

#[tokio::test]
async fn exec_beside_run_opens_no_second_session_and_takes_over_when_run_ends() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut run = home.start(&["run", "--output", "json"]);
    let mut session = give(&mut plane, 1, "sk-one").await;
    session.status().await;
    let mut program = home.start(&exec(&["--restart-on-change"]));
    assert_eq!(program.line().await, "key=sk-one");
    // It sees what the holder gets.
    session.config(&active(2, "sk-two"));
    assert_eq!(program.line().await, "key=sk-two");
    assert_eq!(*plane.dials().borrow(), 1);

    run.signal(Signal::KILL);
    run.code().await;
    let (mut session, hello) = plane.welcomed().await;
    assert_eq!(hello.applied.unwrap().version, 2);
    session.config(&active(3, "sk-three"));
    assert_eq!(program.line().await, "key=sk-three");
    assert_eq!(session.status().await.status, StatusKind::Applied);
}

#[tokio::test]
async fn serve_hands_the_config_to_who_has_the_token() {
    let mut plane = FakePlane::start().await;
    let home = Home::enrolled(&plane).await;
    let mut program = home.start(&["serve", "--listen", "127.0.0.1:0", "--output", "json"]);
    let listening = program.json(|line| line["event"] == "listening").await;
    let url = listening["url"].as_str().unwrap().to_owned();
    let token_file = PathBuf::from(listening["tokenFile"].as_str().unwrap());
    assert_eq!(std::fs::metadata(&token_file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(token_file).unwrap().trim().to_owned();

    let client = reqwest::Client::new();
    let config = |token: Option<String>| {
        let request = client.get(format!("{url}/config")).bearer_auth(token.unwrap_or_default());
        async move {
            let answer = soon("an answer", request.send()).await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<Value>().await.unwrap())
        }
    };
    let health = client.get(format!("{url}/health")).send().await.unwrap();
    assert_eq!(health.json::<Value>().await.unwrap()["status"], "ok");
    assert_eq!(config(None).await.0, 401);
    assert_eq!(config(Some(token.replace(|c: char| c.is_ascii_digit(), "x"))).await.0, 401);
    let (status, body) = config(Some(token.clone())).await;
    assert_eq!((status, &body["code"]), (503, &"no-config".into()));

    let mut session = give(&mut plane, 1, KEY).await;
    assert_eq!(session.status().await.status, StatusKind::Applied);
    let (status, body) = config(Some(token.clone())).await;
    assert_eq!((status, &body["state"], &body["config"]["apiKey"]), (200, &"active".into(), &KEY.into()));
    session.config(&unavailable(2));
    session.status().await;
    let (_, body) = config(Some(token.clone())).await;
    assert_eq!(
        (&body["state"], &body["config"], &body["detail"]["code"]),
        (&"unavailable".into(), &Value::Null, &"no-grant".into())
    );

    program.signal(Signal::INT);
    assert_eq!(program.code().await, Some(0));
    let mut rest = String::new();
    program.lines.into_inner().read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("marker"), "{rest}");
}
