//! The subcommands beside `serve`, as an operator types them.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use e2e::harness::{Api, Database, MASTER_KEY, Process, Proxy, Reeve, ReeveOptions, binary, eventually};
use reqwest::Method;
use serde_json::{Value, json};
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
            api.post("/api/realms", json!({ "name": "Red" })).await;
        }
        process.signal("TERM");
        assert!(process.wait().await.success(), "{}", process.stderr());
    }
}

/// The versions under which anything is sealed, straight from the database.
async fn versions(database: &Database) -> Vec<i32> {
    let sql = "select distinct get_byte(s, 4) from (select master_key as s from proxy union select api_key from
               provider_credential union select secret from realm_key union select kek_canary from installation) v order by 1";
    sqlx::query_scalar(sql).fetch_all(&mut database.connect().await).await.expect("versions")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_rotated_beside_a_running_service() {
    let (proxy, database) = (Proxy::simulated().await, Database::create().await);
    let options = ReeveOptions::on(&database).with_proxy(&proxy);
    let old = format!("1:{MASTER_KEY}");
    let mut running = Reeve::start(options.clone()).await;
    for n in 0..450 {
        let credential =
            json!({ "name": format!("c{n}"), "provider": "openai", "apiKey": "sk-provider-0123456789" });
        running.api.post("/api/credentials", credential).await;
    }
    assert_eq!(versions(&database).await, [1]);

    let (code, text) = ended(&["kek", "add"], &options.env).await;
    assert_eq!(code, Some(0), "{text}");
    let new = text.lines().find(|line| line.starts_with("2:")).expect("a key of the next version").to_owned();
    assert!(text.contains("end of REEVE_MASTER_KEY") && !text.contains(MASTER_KEY), "{text}");
    // First every replica learns to open with it, then one after the other begins to seal with it.
    for ring in [format!("{old},{new}"), format!("{new},{old}")] {
        running.set("REEVE_MASTER_KEY", &ring);
        running.kill_and_restart().await;
    }
    let both = options.clone().set("REEVE_MASTER_KEY", &format!("{new},{old}")).env;
    let only = options.clone().set("REEVE_MASTER_KEY", &new).env;
    running
        .api
        .post(
            "/api/credentials",
            json!({ "name": "late", "provider": "openai", "apiKey": "sk-late-0123456789" }),
        )
        .await;
    assert_eq!(versions(&database).await, [1, 2]);

    // Too early: what is still needed cannot be taken away.
    let (code, text) = ended(&["serve"], &only).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("add the missing one to REEVE_MASTER_KEY") && text.contains("1:BASE64"), "{text}");

    // Cut off in the middle, and once more to the end.
    let mut cut = Process::start("reeve kek rotate", &mut reeve(&["kek", "rotate"], &both));
    eventually("it has begun", || async { cut.stderr().contains("are under version 2").then_some(()) }).await;
    cut.kill().await;
    let (code, text) = ended(&["kek", "rotate"], &both).await;
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(versions(&database).await, [2]);
    let (_, text) = ended(&["kek", "status"], &both).await;
    assert!(text.contains("version 1  opens  nothing: it may be taken away"), "{text}");
    assert!(text.contains("version 2  seals") && text.contains("provider_credential.api_key 451"), "{text}");

    running.set("REEVE_MASTER_KEY", &new);
    running.kill_and_restart().await;
    let model = json!({ "name": "One", "provider": "openai", "modelId": "gpt-4o", "credentialId": "c7" });
    running.api.converge(Method::POST, "/api/models", Some(model)).await;

    // A replica that was forgotten seals once more with the old one: the others would fail at that secret, so none starts.
    running.set("REEVE_MASTER_KEY", &format!("{old},{new}"));
    running.kill_and_restart().await;
    running.api.post("/api/realms", json!({ "name": "Red" })).await;
    running.api.post("/api/models/openai%2Fone/realms", json!({ "realmId": "red" })).await;
    let (code, text) = ended(&["serve"], &only).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("1 secrets are sealed with master key version 1") && text.contains("reeve kek rotate"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_audit_that_was_changed_by_hand_is_found() {
    let database = Database::create().await;
    let running = Reeve::start(ReeveOptions::on(&database)).await;
    for n in 0..3 {
        running
            .api
            .post("/api/realms", json!({ "name": format!("Realm {n}"), "monthlyBudgetUsd": 10.5 }))
            .await;
    }
    running
        .api
        .call(Method::PATCH, "/api/realms/realm-1", Some(json!({ "description": "ü" })), &[])
        .await
        .ok();
    let verify = async |args: &[&str]| {
        let (code, out, err) = running.cli(&[&["audit", "verify"], args].concat()).await;
        (code, format!("{out}{err}"))
    };
    let (code, whole) = verify(&[]).await;
    assert_eq!(code, 0, "{whole}");
    let whole: Value = serde_json::from_str(&whole).expect("JSON");
    let head = whole["head"].as_str().expect("a head").to_owned();
    let (code, text) = verify(&["--head", &head]).await;
    assert_eq!(code, 0, "{text}");

    // A copy outside says the same, and is never written over.
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("audit.ndjson");
    let file = file.to_str().expect("text");
    let export = async || running.cli(&["audit", "export", "--to", file]).await;
    assert_eq!(export().await.0, 0);
    let (code, _, err) = export().await;
    assert_eq!(code, 2, "{err}");
    let (code, text) = verify(&["--file", file, "--head", &head]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("\"rows\": {}", whole["rows"])), "{text}");
    let (_, csv, _) = running.cli(&["audit", "export", "--format", "csv", "--subject", "realm"]).await;
    assert_eq!(csv.lines().count(), 5, "{csv}");

    // Somebody who can write to the database hides what they did.
    let mut conn = database.connect().await;
    let sql = "update audit set actor = 'nobody' where seq = (select max(seq) - 1 from audit)";
    sqlx::query(sql).execute(&mut conn).await.expect("changed");
    let (code, text) = verify(&[]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("was changed: its content does not give its hash"), "{text}");
    sqlx::query("delete from audit where seq = (select max(seq) from audit)")
        .execute(&mut conn)
        .await
        .expect("removed");
    let (code, text) = verify(&["--head", &head]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("missing: the head that was kept is row"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_over_a_restart() {
    let database = Database::create().await;
    let mut running = Reeve::start(ReeveOptions::on(&database)).await;
    let args = ["events", "--follow", "--output", "json"];
    let mut command = Command::new(binary("reeve"));
    command.args(args).env("REEVE_URL", &running.api.url).env("REEVE_TOKEN", &running.api.token);
    let mut follower = Process::start("reeve events", &mut command);
    follower.stdout_has("the first event", |out| out.contains("\"hello\"").then_some(())).await;
    running.api.post("/api/realms", json!({ "name": "before" })).await;
    follower.stdout_has("a change", |out| out.contains("before").then_some(())).await;

    // An open stream does not hold up the stop: it would be cut off after 30 s.
    let begun = std::time::Instant::now();
    running.process.signal("TERM");
    assert!(running.process.wait().await.success());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    running.restart().await;
    running.api.post("/api/realms", json!({ "name": "after" })).await;
    let out = follower.stdout_has("a change", |out| out.contains("after").then(|| out.to_owned())).await;
    let events = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("one object per line"));
    let changes: Vec<Value> = events.filter(|e| e["event"] == "change").collect();
    let kinds: Vec<&Value> = changes.iter().map(|e| &e["data"]["summary"]["realm"]).collect();
    assert_eq!(kinds, ["before", "after"]);
    assert_eq!(changes[1]["id"], changes[0]["id"].as_i64().expect("a revision") + 1);

    follower.signal("INT");
    assert!(follower.wait().await.success());
    let (code, newest, _) = running.cli(&["events", "--output", "json"]).await;
    let newest: Value = serde_json::from_str(&newest).expect("a list");
    assert_eq!((code, &newest["items"][0]["summary"]["realm"]), (0, &json!("after")));
}
