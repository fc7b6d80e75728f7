//! Every operation of the API document, tried by every role: let in where the table says so, refused elsewhere, and never
//! shown anything of a realm that is not its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Answer, Api, DID,
    promises::{ADOPTED_ID, MAKERS, foreign, provider, rule, template, writes},
};
use crate::{
    api::authz::{Need, OPERATIONS},
    base::ids::ProxyId,
    domain::{
        agent::AgentStatus,
        permission::{Area, Level, Permission},
        role::Role,
    },
    store::drift,
};

const OTHER_DID: &str = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

/// One thing to do: method, path, body. It is about realm `red` and its things, where it is about a realm.
type Case = (&'static str, String, Option<Value>);

fn reads(deployment: &str) -> Vec<Case> {
    let paths = [
        "/api/me".to_owned(),
        "/api/overview".into(),
        "/api/providers".into(),
        "/api/proxies".into(),
        "/api/proxies/eu".into(),
        "/api/proxies/eu/drift".into(),
        "/api/work".into(),
        "/api/observe-mode".into(),
        "/api/credentials".into(),
        "/api/credentials/old".into(),
        "/api/models".into(),
        "/api/models/one".into(),
        "/api/models/one/deployments".into(),
        format!("/api/models/one/deployments/{deployment}"),
        "/api/models/one/realms".into(),
        "/api/models/one/realms/red".into(),
        "/api/realms".into(),
        "/api/realms/red".into(),
        "/api/realms/red/models".into(),
        "/api/realms/red/agents".into(),
        format!("/api/realms/red/agents/{DID}"),
        "/api/realms/red/keys".into(),
        "/api/agents".into(),
        format!("/api/agents/{DID}"),
        format!("/api/agents/{DID}/llm-config"),
        format!("/api/agents/{DID}/realm-llm"),
        format!("/api/explain?agent={DID}&model=one"),
        "/api/enrollment-tokens".into(),
        "/api/freezes".into(),
        format!("/api/freezes/agent/{DID}"),
        "/api/changes".into(),
        "/api/changes/{red}".into(),
        "/api/events?lastEventId=0".into(),
        "/api/audit".into(),
        "/api/tokens".into(),
        "/api/tokens/ci".into(),
        "/api/settings".into(),
        "/api/me/sessions".into(),
        "/api/identity-providers".into(),
        "/api/identity-providers/corp".into(),
        "/api/workload-rules".into(),
        "/api/workload-rules/deploys".into(),
        "/api/people".into(),
        "/api/people/ada@example.org".into(),
        "/api/people/ada@example.org/sessions".into(),
    ];
    paths.into_iter().map(|path| ("GET", path, None)).collect()
}

/// What a person does to their own session; a token gets no further than the check.
fn of_people() -> Vec<Case> {
    let passwords =
        json!({ "currentPassword": "correct horse battery", "newPassword": "correct horse staple" });
    vec![
        ("POST", "/api/me/password".into(), Some(passwords)),
        ("DELETE", "/api/me/sessions".into(), None),
        ("DELETE", format!("/api/me/sessions/{}", Uuid::nil()), None),
        ("POST", "/api/auth/logout".into(), None),
    ]
}

fn makers() -> Vec<Case> {
    let key = "sk-provider-0123456789";
    vec![
        (
            "POST",
            "/api/proxies".into(),
            Some(json!({ "name": "us", "baseUrl": "http://127.0.0.1:4001/", "masterKey": "sk-master-0123" })),
        ),
        (
            "POST",
            "/api/models".into(),
            Some(json!({ "name": "more", "provider": "openai", "modelId": "x", "apiKey": key })),
        ),
        (
            "POST",
            "/api/connection-tests".into(),
            Some(json!({ "provider": "openai", "modelId": "x", "apiKey": key })),
        ),
        ("POST", "/api/realms".into(), Some(json!({ "name": "more" }))),
        ("POST", "/api/people".into(), Some(json!({ "email": "bob@example.org" }))),
        ("POST", "/api/identity-providers".into(), Some(provider("more"))),
        ("POST", "/api/workload-rules".into(), Some(rule("more"))),
        ("POST", "/api/enrollment-tokens".into(), Some(json!({ "realmIds": ["red"] }))),
        (
            "POST",
            "/api/tokens".into(),
            Some(json!({ "name": "more", "permissions": ["realms:read"], "realmIds": ["red"] })),
        ),
    ]
}

/// Two realms with the same things in each, and a caller for `role`: in realm `red`, where it is a role in a realm.
struct World {
    api: Api,
    pool: PgPool,
    role: Role,
    token: String,
    cases: Vec<Case>,
    /// The same things of realm `blue`, in the words of [`World::theirs`].
    others: Vec<(String, String)>,
    /// What nobody of `red` may ever read.
    secrets: Vec<String>,
}

impl World {
    async fn build(pool: PgPool, role: Role) -> Self {
        let api = Api::new(pool.clone());
        api.install().await;
        api.proxy("eu").await;
        let one = api.model("one").await;
        let two = api.model("two").await;
        let mut others = Vec::new();
        let mut secrets = vec!["only-for-blue".to_owned(), OTHER_DID.to_owned()];
        api.post("/api/people", json!({ "email": "ada@example.org" })).await.is(201);
        api.post("/api/identity-providers", provider("corp")).await.is(201);
        api.post("/api/workload-rules", rule("deploys")).await.is(201);
        let credential = json!({ "name": "old", "provider": "openai", "apiKey": "sk-provider-0123456789" });
        api.post("/api/credentials", credential).await.is(201);
        let (mut enroll, mut granted) = (Vec::new(), Vec::new());
        for (realm, did, model) in [("red", DID, "one"), ("blue", OTHER_DID, "two")] {
            let description = format!("only-for-{realm}");
            let body = json!({ "name": realm, "slug": realm, "description": description });
            let made = api.post("/api/realms", body).await.is(201);
            api.agent(did, AgentStatus::Pending).await;
            api.connect(did).await;
            api.post(&format!("/api/realms/{realm}/agents"), json!({ "did": did })).await.is(201);
            let grant = json!({ "realmId": realm });
            let answer = api.post(&format!("/api/models/{model}/realms"), grant).await;
            granted.push(answer.revision().to_string());
            let token = api.post("/api/enrollment-tokens", json!({ "realmIds": [realm] })).await.is(201);
            enroll.push(token["id"].as_str().unwrap().to_owned());
            let name = if realm == "red" { "ci" } else { "ci-blue" };
            let body = json!({ "name": name, "permissions": ["grants:write"], "realmIds": [realm] });
            let token = api.post("/api/tokens", body).await.is(201);
            let freeze = json!({ "kind": "agent", "name": did, "reason": description });
            api.post("/api/freezes", freeze).await.is(201);
            if realm == "blue" {
                secrets.push(made["id"].as_str().unwrap().to_owned());
                secrets.push(token["id"].as_str().unwrap().to_owned());
            }
        }
        sqlx::query("update agent_session set rejected_hash = 'x', rejected_version = 1")
            .execute(&pool)
            .await
            .unwrap();
        sqlx::query("update head set ahead = 1000, ahead_since = now()").execute(&pool).await.unwrap();
        let proxy = sqlx::query_scalar("select id from proxy").fetch_one(&pool).await.unwrap();
        let now = api.services.store.clock.now();
        let mut conn = api.services.store.conn().await.unwrap();
        drift::replace(&mut conn, ProxyId(proxy), &foreign(), now).await.unwrap();
        drop(conn);
        let mut body = json!({ "name": "walker", "role": role });
        if role.in_realm() {
            body["realmIds"] = json!(["red"]);
        }
        let token = api.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned();
        let deployment = |model: &Value| model["deployments"][0]["id"].as_str().unwrap().to_owned();
        let mut cases = reads(&deployment(&one));
        for (_, path, _) in &mut cases {
            *path = path.replace("{red}", &granted[0]);
        }
        cases.extend(makers());
        cases.extend(writes(&deployment(&one), &enroll[0]));
        cases.extend(of_people());
        others.extend([
            ("/ci".to_owned(), "/ci-blue".to_owned()),
            (DID.to_owned(), OTHER_DID.to_owned()),
            ("/red".to_owned(), "/blue".to_owned()),
            ("\"red\"".to_owned(), "\"blue\"".to_owned()),
            ("changes/".to_owned() + &granted[0], "changes/".to_owned() + &granted[1]),
            (enroll[0].clone(), enroll[1].clone()),
            (deployment(&one), deployment(&two)),
            ("models/one/deployments".to_owned(), "models/two/deployments".to_owned()),
            ("model=one".to_owned(), "model=two".to_owned()),
        ]);
        let mut world = Self { api, pool, role, token, cases, others, secrets };
        if !world.may_grant() {
            world.secrets.push("openai/two".to_owned());
        }
        world
    }

    fn may_grant(&self) -> bool {
        self.role.level(Area::Grants) == Some(Level::Write)
    }

    fn expects(&self, need: Need) -> bool {
        let holds = |p: Permission| self.role.level(p.area).is_some_and(|level| level >= p.level);
        match need {
            Need::SignedIn | Need::OwnOrInRealm(..) => true,
            Need::Everywhere(..) => !self.role.in_realm() && need.permission().is_some_and(holds),
            Need::InRealm(..) => need.permission().is_some_and(holds),
        }
    }

    /// The same done to the other realm's things; `None` when it is about none.
    fn theirs(&self, case: &Case) -> Option<Case> {
        let swap =
            |text: &str| self.others.iter().fold(text.to_owned(), |t, (mine, not)| t.replace(mine, not));
        let body = case.2.as_ref().map(|body| serde_json::from_str(&swap(&body.to_string())).unwrap());
        let other = (case.0, swap(&case.1), body);
        (other != *case).then_some(other)
    }

    async fn send(&self, token: Option<&str>, (method, path, body): &Case) -> Answer {
        self.api.call_as(token, method, path, body.clone(), &[]).await
    }

    /// Rows that say that something was changed.
    async fn changes(&self) -> i64 {
        let sql = "select count(*) from audit where action <> 'refused'";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn walk(self) {
        let mut seen = BTreeSet::new();
        for case in &self.cases {
            let adopted: Option<Uuid> =
                sqlx::query_scalar("select id from realm_key where state = 'adopted'")
                    .fetch_optional(&self.pool)
                    .await
                    .unwrap();
            let case = &(
                case.0,
                case.1.replace(ADOPTED_ID, &adopted.unwrap_or_default().to_string()),
                case.2.clone(),
            );
            let what = format!("{} {}", case.0, template(case.1.split('?').next().unwrap()));
            let (.., need) = OPERATIONS
                .iter()
                .find(|(method, path, _)| what == format!("{method} {}", template(path)))
                .unwrap_or_else(|| panic!("{what} is not in the table"));
            self.check(case, *need, &what).await;
            seen.insert(what);
        }
        let document = serde_json::to_value(crate::api::openapi()).unwrap();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let what = format!("{} {}", method.to_uppercase(), template(path));
                assert!(
                    operation.get("security").is_none() || seen.contains(&what),
                    "{what} has no case for {}",
                    self.role.as_str()
                );
            }
        }
        assert!(MAKERS.iter().all(|maker| seen.contains(*maker)));
    }

    async fn check(&self, case: &Case, need: Need, what: &str) {
        let role = self.role.as_str();
        let before = self.changes().await;
        self.send(None, case).await.problem(401, "unauthenticated");
        self.send(Some("reeve_tok_nonsense"), case).await.problem(401, "bad-token");
        // Who may grant sees what there is to grant.
        let catalogue = matches!(need, Need::InRealm(Area::Models, _)) && self.may_grant();
        if let Some(theirs) = self.theirs(case).filter(|_| self.role.in_realm() && !catalogue) {
            let answer = self.send(Some(&self.token), &theirs).await;
            let refused = matches!(answer.status, 403 | 404)
                || (answer.status == 422 && answer.body["field"].is_string());
            assert!(refused, "{what} of another realm as {role}: {} {}", answer.status, answer.text);
            for secret in self.secrets.iter().filter(|s| !format!("{theirs:?}").contains(s.as_str())) {
                assert!(!answer.text.contains(secret), "{what} as {role} tells {secret}: {}", answer.text);
            }
        }
        assert_eq!(self.changes().await, before, "{what}: a refused attempt changed something");
        let answer = self.send(Some(&self.token), case).await;
        if self.expects(need) {
            // What only people have, a token may ask for and has not.
            let of_people = need == Need::SignedIn && answer.body["code"] == "no-session";
            assert!(
                answer.status < 300 || of_people || nobody_to_ask(&answer),
                "{what} as {role}: {} {}",
                answer.status,
                answer.text
            );
        } else {
            let permission = need.permission().unwrap().as_str();
            let problem = answer.clone().problem(403, "missing-permission");
            assert!(problem["detail"].as_str().unwrap().contains(permission), "{problem}");
            assert_eq!(self.changes().await, before, "{what}: a refused attempt changed something");
            // The next cases build on it; and that it can be done shows that the refusal was about the caller.
            let owner = self.send(Some(super::TOKEN), case).await;
            assert!(
                owner.status < 300 || nobody_to_ask(&owner),
                "{what} as owner: {} {}",
                owner.status,
                owner.text
            );
        }
        if self.role.in_realm() {
            for secret in &self.secrets {
                assert!(!answer.text.contains(secret), "{what} as {role} tells {secret}: {}", answer.text);
            }
        }
        // An agent in no realm is nobody's in a realm: it comes back for the cases that follow.
        if what == "DELETE /api/realms/*/agents/*" {
            self.api.post("/api/realms/red/agents", json!({ "did": DID })).await.is(201);
        }
    }
}

/// It got past the check, to proxies of which none is really there.
fn nobody_to_ask(answer: &Answer) -> bool {
    answer.body["code"] == "no-proxy-ready"
}

macro_rules! walks {
    ($($test:ident $role:ident),+ $(,)?) => {$(
        #[sqlx::test(migrations = "../migrations")]
        async fn $test(pool: PgPool) {
            World::build(pool, Role::$role).await.walk().await;
        }
    )+};
}

walks! {
    an_owner_does_everything Owner,
    an_admin_does_all_but_change_how_one_signs_in Admin,
    an_operator_runs_the_fleet Operator,
    an_auditor_reads_everything Auditor,
    a_realm_admin_rules_its_realm_alone RealmAdmin,
    a_realm_member_handles_its_agents_alone RealmMember,
    a_realm_viewer_reads_its_realm_alone RealmViewer,
}
