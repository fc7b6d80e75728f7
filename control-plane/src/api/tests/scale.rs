//! What a page costs does not grow with the fleet: every GET sends as many statements for 1,000 agents as for 100, and
//! reads no more rows than it shows. (How long that takes is measured by `./dev scale`.)

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
};

use super::Api;
use crate::api::authz::OPERATIONS;

const FLEET: &str = include_str!("../../../../tests/scale/fleet.sql");

/// What the driver says of its statements on this thread.
#[derive(Clone, Default)]
struct Counted(Arc<(AtomicU64, AtomicU64)>);

impl Counted {
    /// Statements and rows since the last time.
    fn take(&self) -> (u64, u64) {
        (self.0.0.swap(0, Relaxed), self.0.1.swap(0, Relaxed))
    }
}

impl<S: Subscriber> Layer<S> for Counted {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.0.fetch_add(1, Relaxed);
            event.record(&mut Rows(&self.0.1));
        }
    }
}

struct Rows<'a>(&'a AtomicU64);

impl Visit for Rows<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.0.fetch_add(value, Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Lists that have no pages: what they hold is set up by hand, or belongs to one thing, and they are read with one statement.
const WHOLE: [&str; 5] = [
    "/api/freezes",
    "/api/identity-providers",
    "/api/models/{id}/realms",
    "/api/realms/{id}/models",
    "/api/workload-rules",
];

/// A fleet of so many times 100 agents.
async fn build(api: &Api, pool: &PgPool, times: usize) {
    api.install().await;
    for name in ["eu", "us"] {
        api.proxy(name).await;
    }
    for n in 1..=10 * times {
        let key =
            json!({ "name": format!("key-{n}"), "provider": "openai", "apiKey": "sk-provider-0123456789" });
        api.post("/api/credentials", key).await.is(201);
    }
    let mut models = Vec::new();
    for n in 1..=5 * times {
        models.push(api.model(&format!("model-{n}")).await["id"].as_str().unwrap().to_owned());
    }
    for n in 1..=10 * times {
        let realm = format!("realm-{n}");
        api.realm(&realm).await;
        // The first model goes to all.
        for model in [&models[0], &models[1 + n % (models.len() - 1)]] {
            api.post(&format!("/api/models/{model}/realms"), json!({ "realmId": realm })).await.is(201);
        }
    }
    sqlx::raw_sql(AssertSqlSafe(FLEET.replace("$n", &times.to_string()))).execute(pool).await.unwrap();
}

/// Every GET of the API with something of the fleet in its place, in pages of five: path as documented, path as called.
async fn paths(api: &Api) -> Vec<(&'static str, String)> {
    let first = async |list: &str, field: &str| {
        let page = api.get(list).await.is(200);
        page["items"][0][field].as_str().unwrap_or_else(|| panic!("nothing in {list}")).to_owned()
    };
    let (model, agent) = (first("/api/models", "id").await, first("/api/realms/realm-1/agents", "did").await);
    let deployment = first(&format!("/api/models/{model}/deployments"), "id").await;
    // Of one realm: a receipt looks at every agent that its change concerns.
    let change = api.get("/api/changes").await.is(200)["items"][4]["revision"].to_string();
    let mut paths = Vec::new();
    for (_, template, _) in OPERATIONS.iter().filter(|(method, ..)| *method == "GET") {
        let thing = template.split('/').nth(2).unwrap_or_default();
        let one = match thing {
            // A person's own, of whom there is none here; a provider's, of which there is none; a stream.
            _ if ["/api/me/sessions", "/api/identity-providers/{id}", "/api/events"].contains(template) => {
                continue;
            }
            _ if template.contains("oidc") => continue,
            "agents" => agent.clone(),
            "realms" => "realm-1".to_owned(),
            "changes" => change.clone(),
            "freezes" => "realm-10".to_owned(),
            _ if template.contains("{id}") => first(&format!("/api/{thing}"), "id").await,
            _ => String::new(),
        };
        let path = template
            .replace("{id}", &one)
            .replace("{revision}", &one)
            .replace("{kind}", "realm")
            .replace("{realmId}", "realm-1")
            .replace("{deploymentId}", &deployment)
            .replace("{did}", &agent);
        let query = match *template {
            "/api/explain" => format!("?agent={agent}&model={model}"),
            _ if api.get(&format!("{path}?limit=5")).await.status == 200 => "?limit=5".to_owned(),
            _ => String::new(),
        };
        paths.push((*template, path + &query));
    }
    paths
}

/// Statements and rows of each GET.
async fn costs(pool: &PgPool, times: usize) -> Vec<(&'static str, u64, u64)> {
    let api = Api::new(pool.clone());
    build(&api, pool, times).await;
    let (counted, mut costs) = (Counted::default(), Vec::new());
    let paths = paths(&api).await;
    // With a single subscriber, tracing asks only the thread that meets an event first whether anybody listens, and that may be
    // another test's; with two, it asks both.
    let _second = tracing::Dispatch::new(Registry::default());
    let _counting = tracing::subscriber::set_default(Registry::default().with(counted.clone()));
    for (template, path) in paths {
        counted.take();
        let answer = api.get(&path).await;
        let (statements, rows) = counted.take();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        costs.push((template, statements, rows));
    }
    costs
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_costs_the_same_however_large_the_fleet_is(pool: PgPool) {
    let small = costs(&pool, 1).await;
    let everything: String = sqlx::query_scalar(
        "select string_agg(quote_ident(tablename), ', ') from pg_tables
         where schemaname = 'public' and tablename not in ('_sqlx_migrations', 'installation', 'head')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    sqlx::query(AssertSqlSafe(format!("truncate {everything}"))).execute(&pool).await.unwrap();
    sqlx::query("update head set revision = 0, audit_seq = 0").execute(&pool).await.unwrap();
    let large = costs(&pool, 10).await;
    assert!(small.iter().filter(|(_, statements, rows)| statements * rows > 0).count() > 30, "{small:?}");
    let mut grew = Vec::new();
    for ((path, statements, rows), (_, statements_then, rows_then)) in small.into_iter().zip(large) {
        // Not every agent is in as many realms, so that the rows are not quite the same; what grows with the fleet is ten times as many.
        if statements_then != statements || (rows_then > 2 * rows + 5 && !WHOLE.contains(&path)) {
            grew.push(format!(
                "{path}: {statements} statements, {rows} rows, then {statements_then} statements, {rows_then} rows"
            ));
        }
    }
    assert_eq!(grew, Vec::<String>::new());
}
