//! One control-plane process, as far as agents are concerned.

use std::{net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::PATIENCE;
use crate::{
    base::{ids::ReplicaId, signals::Signals},
    lifecycle::Lifecycle,
    push::{Push, PushOptions, identity::Origins, router, testing::ORIGIN},
    store::Store,
};

pub struct Replica {
    pub push: Push,
    pub address: SocketAddr,
    life: Lifecycle,
}

/// The usual knobs, quicker.
pub fn quick() -> PushOptions {
    PushOptions {
        quiet: Duration::from_millis(10),
        poll: Duration::from_millis(50),
        connects_at_once: 2,
        ..PushOptions::default()
    }
}

impl Replica {
    pub async fn start(store: &Store) -> Self {
        Self::with(store, quick()).await
    }

    pub async fn with(store: &Store, options: PushOptions) -> Self {
        let life = Lifecycle::new();
        let replica = ReplicaId(store.ids.uuid());
        let origins = Origins::new([ORIGIN]);
        let push = Push::new(store.clone(), Signals::default(), origins, replica, options, life.clone());
        push.start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (app, stop) = (router(push.clone()), life.soft());
        life.spawn("http", async move {
            axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        Self { push, address, life }
    }

    /// Stops as on SIGTERM, and waits for the end.
    pub async fn stop(self) {
        self.life.stop();
        self.life.run(PATIENCE).await.unwrap();
    }
}
