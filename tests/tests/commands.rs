//! The subcommands beside `serve`, as an operator types them.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use e2e::harness::{Api, Database, Process, Proxy, Reeve, ReeveOptions, binary};
use tokio::process::Command;

fn reeve(args: &[&str], env: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(binary("reeve"));
    command.args(args).env_clear().envs(env).env("PATH", std::env::var("PATH").unwrap_or_default());
    command
}

/// Runs it to its end; exit code and all it printed.
async fn ended(args: &[&str], env: &BTreeMap<String, String>) -> (Option<i32>, String) {
    let output = reeve(args, env).output().await.expect("it starts");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.code(), text.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_wrong_and_what_to_do() {
    let (proxy, database) = (Proxy::simulated().await, Database::create().await);
    let options = ReeveOptions::on(&database).with_proxy(&proxy);
    let (code, text) = ended(&["doctor"], &options.env).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("migrations are missing; `reeve migrate`"), "{text}");
    let (code, text) = ended(&["migrate"], &options.env).await;
    assert_eq!(code, Some(0), "{text}");

    let running = Reeve::start(options.clone()).await;
    running.api.get("/api/proxies/default").await;
    let (code, text) = ended(&["doctor"], &options.env).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("LiteLLM 1.109.1") && text.contains("opens this database"), "{text}");

    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (code, text) = ended(&["doctor"], &options.clone().set("REEVE_MASTER_KEY", other).env).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("does not open this database"), "{text}");
    let (code, text) = ended(&["doctor"], &options.set("REEVE_LISTEN", "nowhere").env).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("REEVE_LISTEN") && text.contains("for example"), "{text}");
}

/// Everything by itself: a private Postgres in the data directory, its keys and a token in files.
#[tokio::test(flavor = "multi_thread")]
async fn dev_needs_nothing_and_finds_its_data_again() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))
        .expect("reachable for Postgres's user");
    let data = dir.path().join("data");
    let env = BTreeMap::from([
        ("REEVE_DATA_DIR".to_owned(), data.display().to_string()),
        ("REEVE_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
    ]);
    for made in [false, true] {
        let mut process = Process::start("reeve dev", &mut reeve(&["dev"], &env));
        let ready = |out: &str| {
            let line = out.lines().find(|line| line.contains("ready on http://"))?;
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        };
        let url = process.stdout_has("the line that says where it listens", ready).await;
        let token = fs::read_to_string(data.join("admin-token")).expect("a token");
        let api = Api::new(&url, token.trim());
        assert_eq!(api.get("/api/realms").await["items"].as_array().map(Vec::len), Some(usize::from(made)));
        if !made {
            api.post("/api/realms", serde_json::json!({ "name": "Red" })).await;
        }
        process.signal("TERM");
        assert!(process.wait().await.success(), "{}", process.stderr());
    }
}
