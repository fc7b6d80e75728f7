//! Grants, revocations, keys, realms.

use serde_json::json;
use sqlx::PgPool;

use super::Api;
use crate::jobs::retire_keys;

#[sqlx::test(migrations = "../migrations")]
async fn each_grant_keeps_the_key(pool: PgPool) {
    let api = Api::new(pool);
    for name in ["one", "two"] {
        api.model(name).await;
    }
    api.realm("red").await;
    assert_eq!(api.get("/api/realms/red/keys").await.is(200)["items"], json!([]));
    let first =
        api.post("/api/models/one/realms", json!({ "realmId": "red", "reason": "pilot" })).await.is(201);
    assert_eq!(
        (&first["state"], &first["reason"], &first["realmSlug"]),
        (&json!("active"), &json!("pilot"), &json!("red"))
    );
    let key = first["key"].clone();
    assert_eq!((&key["generation"], &key["state"]), (&json!(1), &json!("current")));
    let second = api.post("/api/models/openai%2Ftwo/realms", json!({ "realmId": "red" })).await.is(201);
    assert_eq!(second["key"], key, "a grant mints no key");
    // An end stays until another one is set, or it is lifted.
    let grant = async |body: serde_json::Value| {
        let answer = api.post("/api/models/one/realms", body).await;
        (answer.header("x-reeve-revision").is_empty(), answer.is(200)["expiresAt"].clone())
    };
    let end = json!("2999-01-01T00:00:00Z");
    assert_eq!(grant(json!({ "realmId": "red", "expiresAt": end })).await, (false, end.clone()));
    assert_eq!(grant(json!({ "realmId": "red" })).await, (true, end));
    assert_eq!(grant(json!({ "realmId": "red", "expiresAt": null })).await, (false, json!(null)));
    assert_eq!(grant(json!({ "realmId": "red", "expiresAt": null })).await, (true, json!(null)));
    // Granted again: edited, with its key.
    let again = json!({ "realmId": "red", "monthlyBudgetUsd": 12.5, "reason": "production" });
    let again = api.post("/api/models/one/realms", again).await.is(200);
    assert_eq!((&again["key"], &again["monthlyBudgetUsd"]), (&key, &json!(12.5)));
    api.delete("/api/models/one/realms/red").await.is(200);
    api.delete("/api/models/two/realms/red").await.is(200);
    let after = api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    assert_eq!(after["key"], key, "also after the last grant was revoked");
    let keys = api.get("/api/realms/red/keys").await.is(200);
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
    // Only a rotation makes another one, and the first one retires.
    let rotated = api.call("POST", "/api/realms/red/keys/rotate", None, &[]).await.is(201);
    let states: Vec<_> = rotated["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| (k["generation"].clone(), k["state"].clone()))
        .collect();
    assert_eq!(states, [(json!(2), json!("current")), (json!(1), json!("retiring"))]);
    assert!(rotated["sync"]["revision"].is_i64());
    // Without a proxy and without agents nothing holds the old one; what becomes of it is told by the realm's name.
    assert_eq!(retire_keys::run_once(&api.services).await.unwrap(), 1);
    assert_eq!(retire_keys::run_once(&api.services).await.unwrap(), 1);
    for kind in ["rotate", "key.close", "key.retire"] {
        let changes = api.get(&format!("/api/changes?kind={kind}")).await.is(200);
        assert_eq!(changes["items"][0]["summary"]["realm"], "red", "{kind}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revocation_is_revoking_until_every_proxy_is_done(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.model("one").await;
    api.realm("red").await;
    api.proxy("eu").await;
    let grant = api.post("/api/models/one/realms", json!({ "realmId": "red" })).await;
    let grant = grant.is(201);
    assert_eq!(grant["sync"]["state"], "pending");
    assert_eq!(grant["sync"]["proxies"][0]["proxyName"], "eu");
    api.pretend_reconciled().await;
    assert_eq!(api.get("/api/models/one/realms/red").await.is(200)["sync"]["state"], "applied");

    let revoked = api.call("DELETE", "/api/models/one/realms/red", None, &[("prefer", "wait=1")]).await;
    assert_eq!(revoked.header("preference-applied"), "wait=1");
    let revision = revoked.revision();
    let revoked = revoked.is(200);
    assert_eq!((&revoked["state"], &revoked["sync"]["state"]), (&json!("revoking"), &json!("pending")));
    let again = api.delete("/api/models/one/realms/red").await;
    assert_eq!(again.revision(), revision);
    assert_eq!(again.is(200)["since"], revoked["since"]);
    let listed = api.get("/api/models/one/realms").await.is(200);
    assert_eq!(
        (&listed["items"][0]["state"], &listed["items"][0]["since"]),
        (&json!("revoking"), &revoked["since"])
    );
    let receipt = api.get(&format!("/api/changes/{revision}")).await.is(200);
    assert_eq!((&receipt["state"], &receipt["kind"]), (&json!("pending"), &json!("revoke")));

    api.pretend_reconciled().await;
    let realm = crate::store::realms::by_slug(&mut api.services.store.conn().await.unwrap(), "red")
        .await
        .unwrap()
        .unwrap();
    let mut conn = api.services.store.conn().await.unwrap();
    crate::store::grants::settle(&mut conn, Some(realm.id), api.services.store.clock.now()).await.unwrap();
    let receipt = api.get(&format!("/api/changes/{revision}")).await.is(200);
    assert_eq!(receipt["state"], "converged");
    assert_eq!(receipt["proxies"][0]["objects"][0]["state"], "done");
    api.delete("/api/models/one/realms/red").await.problem(404, "not-found");
    assert_eq!(api.get("/api/models/one/realms").await.is(200)["items"], json!([]));
}

/// A proxy that is forgotten is not waited for.
#[sqlx::test(migrations = "../migrations")]
async fn a_revocation_does_not_wait_for_a_proxy_that_left_the_fleet(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.realm("red").await;
    api.proxy("eu").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    api.delete("/api/models/one/realms/red").await.is(200);
    assert_eq!(api.get("/api/models/one/realms/red").await.is(200)["state"], "revoking");
    api.delete("/api/proxies/eu?force=true").await.is(200);
    api.get("/api/models/one/realms/red").await.problem(404, "not-found");
    // And without any proxy there is nobody to wait for.
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    api.delete("/api/models/one/realms/red").await.is(200);
    api.get("/api/models/one/realms/red").await.problem(404, "not-found");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_granted_says_why(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.realm("red").await;
    let grant = |body| api.post("/api/models/one/realms", body);
    assert_eq!(grant(json!({ "realmId": "blue" })).await.problem(422, "invalid")["field"], "realmId");
    let past = json!({ "realmId": "red", "expiresAt": "2020-01-01T00:00:00Z" });
    assert_eq!(grant(past).await.problem(422, "invalid")["field"], "expiresAt");
    let negative = json!({ "realmId": "red", "monthlyBudgetUsd": -1 });
    assert_eq!(grant(negative).await.problem(422, "invalid")["field"], "monthlyBudgetUsd");
    api.post("/api/models/two/realms", json!({ "realmId": "red" })).await.problem(404, "not-found");
    api.delete("/api/models/one/realms/red").await.problem(404, "not-found");
    api.patch("/api/models/one", json!({ "status": "inactive" })).await.is(200);
    grant(json!({ "realmId": "red" })).await.problem(409, "model-inactive");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_realm_is_made_edited_and_removed_with_what_hangs_on_it(pool: PgPool) {
    let api = Api::new(pool.clone());
    let made =
        api.post("/api/realms", json!({ "name": "Data Science (EU)", "isDefault": true })).await.is(201);
    assert_eq!(
        (&made["slug"], &made["isDefault"], &made["keys"]),
        (&json!("data-science-eu"), &json!(true), &json!([]))
    );
    api.post("/api/realms", json!({ "name": "x", "slug": "data-science-eu" }))
        .await
        .problem(409, "slug-taken");
    api.post("/api/realms", json!({ "name": "模" })).await.problem(422, "invalid");
    api.model("one").await;
    let default = json!({ "defaultModelId": "one" });
    assert_eq!(
        api.patch("/api/realms/data-science-eu", default.clone()).await.problem(422, "invalid")["field"],
        "defaultModelId"
    );
    api.post("/api/models/one/realms", json!({ "realmId": made["id"] })).await.is(201);
    let edited = api.patch("/api/realms/data-science-eu", default).await.is(200);
    assert!(edited["defaultModelId"].is_string());
    let cleared = json!({ "defaultModelId": null, "monthlyBudgetUsd": 5 });
    let edited = api.patch("/api/realms/data-science-eu", cleared).await.is(200);
    assert_eq!(
        (&edited["defaultModelId"], &edited["monthlyBudgetUsd"], &edited["grants"]),
        (&json!(null), &json!(5.0), &json!(1))
    );
    api.patch("/api/realms/data-science-eu", json!({ "slug": "x" })).await.problem(422, "invalid");
    // Another default takes over.
    api.post("/api/realms", json!({ "name": "Other", "isDefault": true })).await.is(201);
    assert_eq!(api.get("/api/realms/data-science-eu").await.is(200)["isDefault"], false);

    api.proxy("eu").await;
    api.pretend_reconciled().await;
    let gone = api.delete("/api/realms/data-science-eu").await;
    let revision = gone.revision();
    assert_eq!(gone.is(200)["sync"]["state"], "pending");
    let receipt = api.get(&format!("/api/changes/{revision}")).await.is(200);
    let kinds: Vec<_> =
        receipt["proxies"][0]["objects"].as_array().unwrap().iter().map(|o| o["kind"].clone()).collect();
    assert_eq!(kinds, [json!("key"), json!("revocation"), json!("team")], "they leave every proxy, proven");
    api.get("/api/realms/data-science-eu").await.problem(404, "not-found");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_inactive_model_is_taken_from_its_realms(pool: PgPool) {
    let api = Api::new(pool);
    api.proxy("eu").await;
    api.model("one").await;
    api.realm("red").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    api.pretend_reconciled().await;
    let off = api.patch("/api/models/one", json!({ "status": "inactive" })).await;
    let receipt = api.get(&format!("/api/changes/{}", off.revision())).await.is(200);
    let mut kinds: Vec<_> = receipt["proxies"][0]["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["kind"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["deployment", "key", "revocation", "team"]);
}
