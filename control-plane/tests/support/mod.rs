//! A control plane without its front doors: real Postgres, the real reconciler and services, a simulated LiteLLM, a
//! clock and chances that the test decides.

#![allow(dead_code, reason = "each test file uses its own part")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; its clock starts now and then stands"
)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proxy_sim::{Sim, SimConfig, SimState};
use reeve::{
    base::{
        clock::Clock,
        context::Context,
        idgen::IdGen,
        ids::{InstallationId, ProxyId},
        reach::Reach,
        seal::{KeyRing, Sealer},
        secret::Secret,
        signals::Signals,
    },
    domain::{
        realm::KeyScope,
        url_policy::{Purpose, UrlPolicy},
    },
    outbound::{Outbound, Timeouts},
    reconcile::{Options, Reconciler, fleet::Fleet},
    service::{
        Services,
        grants::{self, NewGrant},
        models::{
            self, NewModel,
            backend::{Key, NewBackend},
        },
        proxies, realms,
    },
    store::Store,
};
use serde_json::Value;
use sqlx::PgPool;

/// One control plane and one simulated proxy.
pub struct World {
    pub services: Services,
    pub reconciler: Reconciler,
    pub sim: Sim,
    pub clock: Clock,
    pub proxy: ProxyId,
}

pub fn ctx() -> Context {
    Context { actor: "test".to_owned(), ..Context::system("test") }
}

impl World {
    pub async fn new(pool: PgPool) -> Self {
        Self::with(pool, SimConfig::default()).await
    }

    pub async fn with(pool: PgPool, config: SimConfig) -> Self {
        let sim = Sim::start(config).await.expect("the simulator starts");
        let start: DateTime<Utc> = std::time::SystemTime::now().into();
        let clock = Clock::fixed(start);
        let ring =
            KeyRing::parse(&Secret::new("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")).expect("a key");
        let store =
            Store { pool, sealer: Arc::new(Sealer::new(ring)), clock: clock.clone(), ids: IdGen::default() };
        let services =
            Services { store: store.clone(), url_policy: UrlPolicy::default(), signals: Signals::default() };
        let outbound =
            Outbound::new(UrlPolicy::default(), Purpose::Proxy, Timeouts::default()).expect("a client");
        let reconciler = Reconciler {
            fleet: Arc::new(Fleet::new(store.clone(), outbound, services.signals.pulse.clone())),
            store,
            owner: InstallationId(uuid::Uuid::from_u128(7)),
            signals: services.signals.clone(),
            options: Options::default(),
        };
        let new = proxies::NewProxy {
            name: "default".to_owned(),
            base_url: sim.url(),
            public_url: None,
            master_key: Secret::new(sim.master_key()),
            labels: std::collections::BTreeMap::new(),
            cache_lag_seconds: None,
            enforcement_policy: reeve::domain::enforcement::EnforcementPolicy::Warn,
        };
        let proxy = proxies::create(&services, &ctx(), new).await.expect("the proxy is registered").view.id;
        let world = Self { services, reconciler, sim, clock, proxy };
        world.reconciler.check(proxy).await.expect("the probe is recorded");
        world
    }

    pub fn sim(&self) -> SimState {
        self.sim.state()
    }

    pub async fn model(&self, name: &str) {
        let backend = NewBackend {
            provider: reeve::domain::provider::Provider::parse("openai").expect("known"),
            model_id: "gpt-test".to_owned(),
            base_url: None,
            key: Key::from_fields(Some(Secret::new("sk-provider-0123456789")), None).expect("a key"),
            order: None,
            weight: None,
            litellm_params: serde_json::Map::new(),
        };
        let new = NewModel {
            name: name.to_owned(),
            description: String::new(),
            max_tokens: None,
            everywhere: false,
            backend,
        };
        models::create(&self.services, &ctx(), new).await.expect("the model is registered");
    }

    /// Places the model on every proxy, also without a grant.
    pub async fn everywhere(&self, model: &str) {
        let patch = models::ModelPatch { everywhere: Some(true), ..models::ModelPatch::default() };
        models::update(&self.services, &ctx(), model, None, patch).await.expect("edited");
    }

    pub async fn realm(&self, slug: &str) {
        let new = realms::NewRealm {
            name: slug.to_owned(),
            slug: Some(slug.to_owned()),
            description: String::new(),
            is_default: false,
            monthly_budget_usd: None,
            placement: Vec::new(),
            key_scope: KeyScope::Realm,
            key_max_age_days: None,
        };
        realms::create(&self.services, &ctx(), new).await.expect("the realm is made");
    }

    pub async fn grant(&self, model: &str, realm: &str, budget: Option<f64>) {
        let new = NewGrant {
            realm: realm.to_owned(),
            monthly_budget_usd: budget,
            expires_at: None,
            reason: None,
            may_edit: Reach::everywhere(),
        };
        grants::grant(&self.services, &ctx(), model, new).await.expect("granted");
    }

    pub async fn revoke(&self, model: &str, realm: &str) {
        grants::revoke(&self.services, &ctx(), model, realm).await.expect("revoked");
    }

    /// Probes, runs what is due, lets leases and waits run out, and again, until nothing is left to do.
    pub async fn settle(&self) {
        for _ in 0..60 {
            self.reconciler.check(self.proxy).await.expect("probe");
            self.reconciler.run_once().await.expect("run");
            if self.queue().await == 0 {
                return;
            }
            self.clock.advance(TimeDelta::seconds(120));
            self.sim().advance(std::time::Duration::from_mins(2));
        }
        panic!(
            "does not converge; left: {:?}; on the proxy: {:?}",
            self.waiting().await,
            self.applied().await
        );
    }

    /// A full scan, then everything it asked for.
    pub async fn scan_and_settle(&self) {
        self.reconciler.scan(self.proxy).await.expect("scan");
        self.settle().await;
    }

    /// Items that wait or run.
    pub async fn queue(&self) -> i64 {
        sqlx::query_scalar("select count(*) from work")
            .fetch_one(&self.services.store.pool)
            .await
            .expect("count")
    }

    async fn waiting(&self) -> Vec<(String, i32, Option<String>, Option<String>)> {
        sqlx::query_as("select kind || '/' || object_id, attempts, parked_code, last_error from work")
            .fetch_all(&self.services.store.pool)
            .await
            .expect("work")
    }

    async fn applied(&self) -> Vec<(String, String, Vec<String>, i64)> {
        sqlx::query_as("select kind || '/' || object_id, state, models, generation from applied")
            .fetch_all(&self.services.store.pool)
            .await
            .expect("applied")
    }

    /// Rows written to any table from here on are counted by [`World::db_writes`].
    pub async fn count_db_writes(&self) {
        let sql = "create sequence if not exists test_writes;
             create or replace function test_count() returns trigger language plpgsql as
             $$ begin perform nextval('test_writes'); return null; end $$;
             do $$ declare t text; begin
               for t in select tablename from pg_tables where schemaname = 'public' and tablename <> '_sqlx_migrations' loop
                 execute format('create or replace trigger test_count after insert or update or delete on %I
                                 for each row execute function test_count()', t);
               end loop; end $$";
        sqlx::raw_sql(sql).execute(&self.services.store.pool).await.expect("triggers");
    }

    pub async fn db_writes(&self) -> i64 {
        sqlx::query_scalar("select case when is_called then last_value else 0 end from test_writes")
            .fetch_one(&self.services.store.pool)
            .await
            .expect("counter")
    }

    /// The realm's team on the proxy.
    pub fn team(&self, slug: &str) -> Option<Value> {
        let suffix = format!(":{slug}");
        self.sim()
            .teams()
            .into_iter()
            .find(|t| t["team_alias"].as_str().is_some_and(|a| a.ends_with(&suffix)))
    }

    /// The keys of the realm on the proxy.
    pub fn keys(&self, slug: &str) -> Vec<Value> {
        let part = format!(":{slug}:");
        self.sim()
            .keys()
            .into_iter()
            .filter(|k| k["key_alias"].as_str().is_some_and(|a| a.contains(&part)))
            .collect()
    }
}
