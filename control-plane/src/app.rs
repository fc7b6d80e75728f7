//! The one place where everything is built and wired: store, services, reconciler, push, jobs, HTTP. Called by `cmd`.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    api::{self, AdminToken, ApiDeps, ApiState},
    base::{
        clock::Clock,
        context::Context,
        idgen::IdGen,
        ids::{InstallationId, ReplicaId},
        secret::Secret,
        signals::Signals,
    },
    cluster::Cluster,
    config::{Config, FirstProxy},
    domain::{
        error::{Error, Result},
        url_policy::{Purpose, UrlPolicy},
    },
    feed::{Feed, FeedOptions},
    jobs::{
        Jobs,
        audit_head::{self, HeadSinks},
    },
    lifecycle::Lifecycle,
    oidc::Issuers,
    outbound::{Outbound, Timeouts},
    push::{self, Push, PushOptions, identity::Origins},
    reconcile::{Options, Reconciler, fleet::Fleet},
    service::{
        Services,
        proxies::{self, NewProxy, ProxyPatch},
        sign_in,
    },
    start::{self, StartError},
    store::Store,
    telemetry,
};

/// Name of the proxy that the environment names.
const FIRST_PROXY: &str = "default";

/// A running control plane. Its tasks are the lifecycle's.
pub struct App {
    /// What was really bound.
    pub address: SocketAddr,
    /// The admin token, when this start made it: to be printed once.
    pub new_admin_token: Option<Secret>,
    /// The link that makes the first owner, when this start made it: to be printed once.
    pub setup_link: Option<String>,
    store: Store,
    cluster: Option<Cluster>,
}

impl App {
    /// Brings everything up; returns when requests are answered. On an error, what was started is taken down again.
    pub async fn start(
        config: &Config,
        metrics: PrometheusHandle,
        clock: Clock,
        ids: IdGen,
        lifecycle: Lifecycle,
    ) -> Result<Self, StartError> {
        let opened = start::open(config, clock, ids).await?;
        let (store, cluster) = (opened.store.clone(), opened.cluster);
        let built = Self::build(
            config,
            &opened.store,
            opened.installation,
            opened.admin_token_hash,
            metrics,
            &lifecycle,
        )
        .await;
        let (address, setup_link) = match built {
            Ok(built) => built,
            Err(error) => {
                lifecycle.stop();
                store.pool.close().await;
                if let Some(cluster) = cluster {
                    cluster.stop().await;
                }
                return Err(error);
            }
        };
        if let Some(cluster) = &cluster {
            let (exited, this, soft) = (cluster.exited(), lifecycle.clone(), lifecycle.soft());
            lifecycle.spawn("cluster", async move {
                tokio::select! {
                    how = exited => this.fail(format!("the private Postgres ended ({how})")),
                    () = soft.cancelled() => {}
                }
            });
        }
        Ok(Self { address, new_admin_token: opened.new_admin_token, setup_link, store, cluster })
    }

    async fn build(
        config: &Config,
        store: &Store,
        owner: InstallationId,
        admin_token_hash: String,
        metrics: PrometheusHandle,
        lifecycle: &Lifecycle,
    ) -> Result<(SocketAddr, Option<String>), StartError> {
        let listener = TcpListener::bind(config.listen.address)
            .await
            .map_err(|source| StartError::Bind { address: config.listen.address, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Bind { address: config.listen.address, source })?;
        let services =
            Services { store: store.clone(), url_policy: url_policy(config), signals: Signals::default() };
        if let Some(first) = &config.first_proxy {
            ensure_first_proxy(&services, first).await?;
        }
        let replica = ReplicaId(store.ids.uuid());
        let origins = config.listen.public_origins(address);
        let public_url = origins.first().map(ToString::to_string).unwrap_or_default();
        let origins = Origins::new(origins.iter().map(ToString::to_string));
        let setup_link = sign_in::first_link(&services, false).await?.map(|link| link.url(&public_url));

        let reconciler = Reconciler {
            store: store.clone(),
            fleet: Arc::new(fleet(config, store, &services.signals)?),
            owner,
            signals: services.signals.clone(),
            options: Options {
                prune_percent: usize::try_from(config.limits.prune_percent).unwrap_or(usize::MAX),
                scan_every: chrono::TimeDelta::from_std(config.limits.scan_every)
                    .unwrap_or(Options::default().scan_every),
                ..Options::default()
            },
        };
        lifecycle.spawn("reconcile", reconciler.clone().drive(lifecycle.clone()));
        lifecycle.spawn("watch", reconciler.clone().watch(lifecycle.clone()));
        lifecycle.spawn("jobs", Jobs { services: services.clone(), replica }.run(lifecycle.soft()));
        if let Some(sinks) = head_sinks(config, owner)? {
            lifecycle.spawn("audit_head", audit_head::run(services.clone(), sinks, lifecycle.soft()));
        }
        lifecycle.spawn("metrics", telemetry::upkeep(metrics.clone(), lifecycle.soft()));

        let options = PushOptions {
            heartbeat: config.limits.heartbeat_every,
            max_sessions: config.limits.max_sessions,
            ..PushOptions::default()
        };
        let signals = services.signals.clone();
        let push = Push::new(store.clone(), signals, origins.clone(), replica, options, lifecycle.clone());
        push.start().await;

        let feed = Feed::new(services.clone(), FeedOptions::default());
        lifecycle.spawn("feed", feed.clone().run(lifecycle.soft()));

        let (ready, is_ready) = watch::channel(true);
        let state = ApiState::new(ApiDeps {
            services,
            reconciler,
            admin_token: AdminToken::from_hash(admin_token_hash),
            ready: is_ready,
            metrics: Arc::new(move || metrics.render()),
            origins,
            public_url,
            secure_cookies: !config.listen.is_loopback(address),
            trusted_proxies: config.listen.trusted_proxies.clone(),
            refusals: api::Refusals::default(),
            feed,
            issuers: Issuers::new(
                Outbound::new(url_policy(config), Purpose::Webhook, Timeouts::default())
                    .map_err(Error::internal)?,
                store.clock.clone(),
            ),
        });
        let router = api::router(state).merge(push::router(push));
        let (soft, hard) = (lifecycle.soft(), lifecycle.hard());
        let failed = lifecycle.clone();
        lifecycle.spawn("http", async move {
            let stopping = async move {
                soft.cancelled().await;
                ready.send_replace(false);
            };
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let serving = axum::serve(listener, service).with_graceful_shutdown(stopping).into_future();
            tokio::select! {
                ended = serving => if let Err(error) = ended {
                    failed.fail(format!("the HTTP server ended: {error}"));
                },
                // Somebody does not read the end of their answer.
                () = hard.cancelled() => {}
            }
        });
        Ok((address, setup_link))
    }

    /// Takes down what has no task. Call it when the lifecycle's tasks have ended.
    pub async fn stop(self) {
        self.store.pool.close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// `None`: the head is kept nowhere else.
fn head_sinks(config: &Config, installation: InstallationId) -> Result<Option<HeadSinks>> {
    let webhook = match &config.audit_head.webhook {
        Some(url) => {
            let outbound = Outbound::new(url_policy(config), Purpose::Webhook, Timeouts::default());
            Some((url.as_str().into(), outbound.map_err(Error::internal)?))
        }
        None => None,
    };
    let file = config.audit_head.file.clone();
    let any = file.is_some() || webhook.is_some();
    Ok(any.then_some(HeadSinks { installation, file, webhook }))
}

/// The clients to the proxies.
pub fn fleet(config: &Config, store: &Store, signals: &Signals) -> Result<Fleet> {
    let outbound =
        Outbound::new(url_policy(config), Purpose::Proxy, Timeouts::default()).map_err(Error::internal)?;
    Ok(Fleet::new(store.clone(), outbound, signals.pulse.clone()))
}

fn url_policy(config: &Config) -> UrlPolicy {
    let private = config.limits.allow_private_urls;
    UrlPolicy { proxy_private: private, model_backend_private: private, webhook_private: private }
}

/// The environment says where the proxy `default` is: it is added, or brought in line, as an admin would.
async fn ensure_first_proxy(services: &Services, first: &FirstProxy) -> Result<()> {
    let ctx = Context::system("environment");
    let patch = ProxyPatch {
        base_url: Some(first.base_url.to_string()),
        public_url: Some(first.public_url.to_string()),
        master_key: Some(first.master_key.clone()),
        cache_lag_seconds: first.cache_lag_seconds,
        ..ProxyPatch::default()
    };
    match proxies::update(services, &ctx, FIRST_PROXY, None, patch).await {
        Err(Error::NotFound { .. }) => {}
        other => return other.map(|_| ()),
    }
    let new = NewProxy {
        name: FIRST_PROXY.to_owned(),
        base_url: first.base_url.to_string(),
        public_url: Some(first.public_url.to_string()),
        master_key: first.master_key.clone(),
        labels: BTreeMap::new(),
        cache_lag_seconds: first.cache_lag_seconds,
        enforcement_policy: crate::domain::enforcement::EnforcementPolicy::Warn,
    };
    match proxies::create(services, &ctx, new).await {
        // Another replica that starts at the same time was first.
        Err(Error::Conflict { .. }) => Ok(()),
        other => other.map(|_| ()),
    }
}
