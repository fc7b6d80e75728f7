//! A real agent: `reeve-agent` with an identity of its own.

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::{Api, Process, binary, eventually, reeve::run};

/// Enrolled; its folder goes with it.
pub struct Agent {
    pub did: String,
    pub dir: TempDir,
    url: String,
}

impl Agent {
    /// Enrols with a fresh token for these realms (ids or slugs).
    pub async fn enroll(api: &Api, realms: &[&str]) -> Self {
        let token = api.post("/api/enrollment-tokens", json!({ "realmIds": realms })).await;
        let token = token["token"].as_str().expect("the token is shown once").to_owned();
        let dir = TempDir::new().expect("a temporary folder");
        let env = [("REEVE_URL", api.url.as_str()), ("REEVE_AGENT_DIR", dir.path().to_str().expect("text"))];
        let args = ["enroll", "--token", &token, "--name", "demo", "--output", "json"];
        let (code, out, err) = run(binary("reeve-agent"), &args, &env).await;
        assert_eq!(code, 0, "{out}{err}");
        let enrolled: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"));
        Self { did: enrolled["did"].as_str().expect("a did").to_owned(), dir, url: api.url.clone() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary("reeve-agent"));
        command.env("REEVE_URL", &self.url).env("REEVE_AGENT_DIR", self.dir.path());
        command
    }

    /// `reeve-agent serve`, its URL, and the token that it wants.
    pub async fn serve(&self) -> (Process, String, String) {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--output", "json"]);
        let mut serving = Process::start("reeve-agent serve", &mut command);
        let listening = serving
            .stdout_has("where it listens", |out| {
                let line = serde_json::from_str::<Value>(out.lines().next()?).ok()?;
                Some((line["url"].as_str()?.to_owned(), line["tokenFile"].as_str()?.to_owned()))
            })
            .await;
        let token = std::fs::read_to_string(listening.1).expect("the token").trim().to_owned();
        (serving, listening.0, token)
    }

    /// `reeve-agent run`, with one JSON line per change on standard output.
    pub fn run(&self) -> Process {
        Process::start("reeve-agent", self.command().args(["run", "--output", "json"]))
    }

    /// `reeve-agent exec -- program args`; exit code, standard output, standard error.
    pub async fn exec(&self, program: &[&str]) -> (i32, String, String) {
        let mut args = vec!["exec", "--wait", "60", "--"];
        args.extend(program);
        let env =
            [("REEVE_URL", self.url.as_str()), ("REEVE_AGENT_DIR", self.dir.path().to_str().expect("text"))];
        run(binary("reeve-agent"), &args, &env).await
    }

    /// Waits until the control plane says that this agent runs the document it should, and returns its page.
    pub async fn settled(&self, api: &Api, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || async {
            let page = api.get(&format!("/api/agents/{}", self.did)).await;
            let settled =
                page["running"]["hash"].is_string() && page["running"]["hash"] == page["wanted"]["hash"];
            (settled && fits(&page)).then_some(page)
        })
        .await
    }
}
