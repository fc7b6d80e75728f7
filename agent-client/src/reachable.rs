//! Which endpoint of a document to use now: the first that accepts a connection. The control plane says the order and changes
//! it when a proxy is lost, but only after some seconds of silence; this covers them. Nothing is watched: it is asked where a config
//! is handed out, so that any number of idle agents cost a proxy nothing.

use std::time::Duration;

use reeve_protocol::{Document, Endpoint};
use tokio::net::TcpStream;
use url::Url;

/// How long an endpoint may take to accept a connection before the next one is preferred.
const PATIENCE: Duration = Duration::from_millis(500);

/// The document with the first endpoint that accepts a connection as its base URL; as it is when none does, or when there is but
/// one. Whether what is behind it serves calls, this does not say.
pub async fn reachable(document: &Document) -> Document {
    let Document::Active(config) = document else { return document.clone() };
    let [first, others @ ..] = config.endpoints.as_slice() else { return document.clone() };
    if others.is_empty() || accepts(first).await {
        return document.clone();
    }
    let accepting = futures_util::future::join_all(others.iter().map(accepts)).await;
    let mut config = config.clone();
    if let Some((other, _)) = others.iter().zip(accepting).find(|(_, accepts)| *accepts) {
        config.base_url.clone_from(&other.base_url);
    }
    Document::Active(config)
}

async fn accepts(endpoint: &Endpoint) -> bool {
    let Ok(url) = Url::parse(&endpoint.base_url) else { return false };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    matches!(tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use reeve_protocol::Document;
    use tokio::net::TcpListener;

    use super::reachable;

    fn document(bases: &[&str]) -> Document {
        let endpoints: Vec<_> =
            bases.iter().map(|base| serde_json::json!({ "proxy": base, "baseUrl": base })).collect();
        let config = serde_json::json!({
            "provider": "openai-compatible", "model": "openai/a", "baseUrl": bases.first().unwrap_or(&"http://127.0.0.1:9/v1"),
            "apiKey": "sk-marker", "endpoints": endpoints,
        });
        Document::Active(Box::new(serde_json::from_value(config).unwrap()))
    }

    fn base(document: &Document) -> &str {
        &document.config().unwrap().base_url
    }

    #[tokio::test]
    async fn the_first_that_accepts_is_used() {
        let (a, b) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("[::1]:0").await.unwrap());
        let at = |l: &TcpListener| format!("http://{}/v1", l.local_addr().unwrap());
        let (a_url, b_url, gone) = (at(&a), at(&b), "http://127.0.0.1:1/v1");
        let three = document(&[gone, &b_url, &a_url]);
        assert_eq!(base(&reachable(&three).await), b_url);
        assert_eq!(base(&reachable(&document(&[&a_url, gone, &b_url])).await), a_url, "the order is kept");
        drop(b);
        assert_eq!(base(&reachable(&three).await), a_url);
        drop(a);
        assert_eq!(reachable(&three).await, three, "none does: as the control plane said");
    }

    #[tokio::test]
    async fn what_has_no_choice_stays() {
        for alone in [document(&[]), document(&["http://127.0.0.1:1/v1"]), Document::Env] {
            assert_eq!(reachable(&alone).await, alone);
        }
        let odd = document(&["not a url", "mailto:x", "http://127.0.0.1:1/v1"]);
        assert_eq!(reachable(&odd).await, odd);
    }
}
