//! A database that was put back to an earlier state does not bring back what was revoked since.

use e2e::harness::{Agent, Database, Proxy, Reeve, ReeveOptions, eventually};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_does_not_bring_back_a_revoked_right() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let mut reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    reeve.api.checked("default").await;
    reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
    for name in ["one", "two"] {
        let body = json!({ "name": name, "provider": "openai", "modelId": "gpt-4o", "apiKey": "sk-provider-0123456789", "everywhere": true });
        reeve.api.converge(Method::POST, "/api/models", Some(body)).await;
        let path = format!("/api/models/openai%2F{name}/realms");
        reeve.api.converge(Method::POST, &path, Some(json!({ "realmId": "red" }))).await;
    }
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let (code, key, err) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
    assert_eq!(code, 0, "{err}");
    let answers =
        || async { [proxy.chat(&key, "openai/one").await.0, proxy.chat(&key, "openai/two").await.0] };
    assert_eq!(answers().await, [200, 200]);

    reeve.process.signal("TERM");
    reeve.process.wait().await;
    let backup = database.backup().await;
    reeve.restart().await;
    reeve.api.converge(Method::DELETE, "/api/models/openai%2Fone/realms/red", None).await;
    assert_eq!(answers().await, [403, 200]);
    let newest = reeve.api.get("/api/observe-mode").await["revision"].as_i64().expect("a number");

    reeve.process.kill().await;
    database.restore(&backup).await;
    proxy.sim().clear_requests();
    reeve.restart().await;
    let mode = eventually("it notices that it is older than the proxy", || async {
        let mode = reeve.api.get("/api/observe-mode").await;
        (mode["active"] == true).then_some(mode)
    })
    .await;
    assert!(mode["seenRevision"].as_i64() > mode["revision"].as_i64(), "{mode}");
    let changed = json!({ "proxyName": "default", "class": "changed", "count": 2 });
    assert_eq!(mode["differences"], json!([changed]), "team and key");
    let drift = reeve.api.get("/api/proxies/default/drift").await;
    assert_eq!((&drift["items"][0]["kind"], &drift["items"][0]["class"]), (&json!("key"), &json!("changed")));

    // Writes are taken and wait, also after scans; one of them sees to it that the right does not come back.
    let again = reeve.api.call(Method::DELETE, "/api/models/openai%2Fone/realms/red", None, &[]).await.ok();
    assert_eq!(again["state"], "revoking");
    let scans = proxy.sim().requests().len();
    eventually("it goes on looking", || async { (proxy.sim().requests().len() > scans + 6).then_some(()) })
        .await;
    let written: Vec<String> = proxy
        .sim()
        .requests()
        .into_iter()
        .filter(|r| r.write && !r.path.contains("reeve-probe"))
        .map(|r| r.path)
        .collect();
    assert_eq!(written, [""; 0], "and changes nothing");
    assert_eq!(answers().await, [403, 200]);

    let (code, out, err) = reeve.cli(&["observe", "end", "--wait"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(answers().await, [403, 200]);
    let ended = reeve.api.get("/api/observe-mode").await;
    assert_eq!(ended["active"], false);
    assert!(ended["revision"].as_i64().expect("a number") > newest, "no agent is told an older version");
    eventually("nothing is different any more", || async {
        (reeve.api.get("/api/proxies/default/drift").await["items"] == json!([])).then_some(())
    })
    .await;
}
