//! The API over a real database, without a socket: requests go straight into the router.

mod agents;
mod audit;
mod authz;
mod console;
mod conventions;
mod docs;
mod events;
mod fleet;
mod grants;
mod idempotency;
mod identity;
mod lists;
mod models;
mod overview;
mod people;
mod promises;
mod scale;
mod trial;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, header},
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{AdminToken, ApiDeps, ApiState, router};
use crate::{
    base::{
        clock::Clock,
        idgen::IdGen,
        ids::{InstallationId, ReplicaId},
        seal::{KeyRing, Sealer},
        secret::Secret,
        signals::Signals,
    },
    domain::{
        agent::{Agent, AgentStatus, ConfigMode},
        url_policy::{Purpose, UrlPolicy},
    },
    feed::{Feed, FeedOptions},
    lifecycle::Lifecycle,
    oidc::Issuers,
    outbound::{Outbound, Timeouts},
    reconcile::{Options, Reconciler, fleet::Fleet},
    service::Services,
    store::{
        self, Store,
        installation::{self, Installation},
        sessions,
    },
};

pub const TOKEN: &str = "reeve-admin-0123456789";
pub const DID: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

pub struct Api {
    pub router: Router,
    pub services: Services,
    pub ready: watch::Sender<bool>,
    /// Its tasks end with it.
    pub life: Lifecycle,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// A problem document with this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["requestId"], self.header("x-request-id"));
        for field in ["type", "title", "detail"] {
            assert!(self.body[field].is_string(), "{}", self.text);
        }
        self.body
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    pub fn revision(&self) -> i64 {
        self.header("x-reeve-revision").parse().unwrap()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.life.stop();
    }
}

impl Api {
    pub fn new(pool: PgPool) -> Self {
        Self::at(pool, Clock::default())
    }

    pub fn at(pool: PgPool, clock: Clock) -> Self {
        Self::with_feed(pool, clock, FeedOptions::default())
    }

    pub fn with_feed(pool: PgPool, clock: Clock, options: FeedOptions) -> Self {
        let ring = KeyRing::parse(&Secret::new("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")).unwrap();
        let store = Store { pool, sealer: Arc::new(Sealer::new(ring)), clock, ids: IdGen::default() };
        let services = Services { store, url_policy: UrlPolicy::default(), signals: Signals::default() };
        let outbound = Outbound::new(UrlPolicy::default(), Purpose::Proxy, Timeouts::default()).unwrap();
        let reconciler = Reconciler {
            store: services.store.clone(),
            fleet: Arc::new(Fleet::new(services.store.clone(), outbound, services.signals.pulse.clone())),
            owner: InstallationId(services.store.ids.uuid()),
            signals: services.signals.clone(),
            options: Options::default(),
        };
        let (feed, life) = (Feed::new(services.clone(), options), Lifecycle::new());
        life.spawn("feed", feed.clone().run(life.soft()));
        let (ready, is_ready) = watch::channel(true);
        let state = ApiState::new(ApiDeps {
            services: services.clone(),
            reconciler,
            admin_token: AdminToken::from_plain(&Secret::new(TOKEN)),
            ready: is_ready,
            metrics: Arc::new(|| "reeve_up 1\n".to_owned()),
            origins: crate::service::Origins::new(["http://localhost"]),
            public_url: "http://localhost".to_owned(),
            secure_cookies: false,
            trusted_proxies: Vec::new(),
            refusals: crate::api::Refusals::default(),
            feed,
            issuers: Issuers::new(
                Outbound::new(
                    UrlPolicy { webhook_private: true, ..UrlPolicy::default() },
                    Purpose::Webhook,
                    Timeouts::default(),
                )
                .unwrap(),
                services.store.clock.clone(),
            ),
        });
        Self { router: router(state), services, ready, life }
    }

    /// As after the first start.
    pub async fn install(&self) {
        let new = Installation {
            id: InstallationId(self.services.store.ids.uuid()),
            kek_canary: Vec::new(),
            admin_token_hash: None,
        };
        let mut conn = self.services.store.conn().await.unwrap();
        installation::create_or_get(&mut conn, &new, self.services.store.clock.now()).await.unwrap();
    }

    /// Sends exactly this.
    pub async fn raw(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = response.into_body();
        // A stream of events has no end: its first one must do.
        let bytes = if headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "text/event-stream") {
            body.frame().await.unwrap().unwrap().into_data().unwrap()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.call_as(Some(TOKEN), method, path, body, headers).await
    }

    /// With these headers and no token, from this address.
    pub async fn from(
        &self,
        address: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let peer = SocketAddr::new(address.parse().unwrap(), 1);
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        self.raw(request.unwrap()).await
    }

    /// As whoever holds this token, or as nobody.
    pub async fn call_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body), &[]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, Some(body), &[]).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None, &[]).await
    }

    /// Registers `openai/<name>`.
    pub async fn model(&self, name: &str) -> Value {
        let body = serde_json::json!({
            "name": name, "provider": "openai", "modelId": "gpt-4o", "apiKey": "sk-provider-MARKER-0123456789",
            "everywhere": true,
        });
        self.post("/api/models", body).await.is(201)
    }

    pub async fn realm(&self, slug: &str) -> Value {
        self.post("/api/realms", serde_json::json!({ "name": slug, "slug": slug })).await.is(201)
    }

    pub async fn proxy(&self, name: &str) -> Value {
        let body = serde_json::json!({
            "name": name, "baseUrl": "http://127.0.0.1:4000/", "masterKey": "sk-master-MARKER-0123456789",
        });
        self.post("/api/proxies", body).await.is(201)
    }

    /// An approved agent that has never connected.
    pub async fn agent(&self, did: &str, status: AgentStatus) {
        let now = self.services.store.clock.now();
        let agent = Agent {
            did: did.to_owned(),
            name: "worker".to_owned(),
            status,
            status_reason: None,
            mode: ConfigMode::Realm,
            realm_id: None,
            model_id: None,
            manual_config: None,
            manual_generation: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            approved_at: None,
        };
        let mut conn = self.services.store.conn().await.unwrap();
        assert!(store::agents::insert(&mut conn, &agent).await.unwrap());
    }

    /// Opens a session for it, on a replica that is not there.
    pub async fn connect(&self, did: &str) -> i64 {
        let mut conn = self.services.store.conn().await.unwrap();
        let replica = ReplicaId(self.services.store.ids.uuid());
        sessions::open(&mut conn, did, replica, self.services.store.clock.now()).await.unwrap()
    }

    /// Everything that was asked of the proxies is done.
    pub async fn pretend_reconciled(&self) {
        let mut tx = self.services.store.pool.begin().await.unwrap();
        for sql in [
            "update change_effect set done_at = now() where done_at is null",
            "insert into applied (proxy_id, kind, object_id, external_id, generation, state, observed_at)
             select proxy_id, kind, object_id, object_id::text, wanted_generation, 'applied', now() from work where kind <> 'revocation'
             on conflict (proxy_id, kind, object_id) do update set generation = excluded.generation, state = 'applied'",
            "delete from work",
        ] {
            sqlx::query(sql).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}
