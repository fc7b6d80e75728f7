//! A TCP load balancer, as in front of several replicas: each connection goes to the next one that takes it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

/// Bound, and not yet balancing: replicas want to know the address before they start.
pub struct Balancer {
    listener: TcpListener,
    pub url: String,
}

impl Balancer {
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        Self { listener, url }
    }

    /// Passes connections on to these addresses, until the runtime ends.
    pub fn serve(self, replicas: Vec<String>) {
        let next = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut from, _)) = self.listener.accept().await {
                let (replicas, next) = (replicas.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    for _ in 0..replicas.len() {
                        let turn = next.fetch_add(1, Ordering::Relaxed) % replicas.len();
                        if let Ok(mut to) = TcpStream::connect(&replicas[turn]).await {
                            let _ = copy_bidirectional(&mut from, &mut to).await;
                            return;
                        }
                    }
                });
            }
        });
    }
}
