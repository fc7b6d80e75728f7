//! The address to listen on, and the origins under which others reach it: what an agent's proof must name as
//! `aud`, what the console's requests are checked against, and what links are made of.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::read::{Reader, http_url};

#[derive(Clone, Debug)]
pub struct Listen {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// What `REEVE_PUBLIC_URL` says; empty when it is unset. Ask [`Listen::public_origins`] instead.
    given: Vec<Origin>,
    /// Fronts whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// `scheme://host[:port]`: no path, no default port, host in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Takes an http(s) URL whose path is empty or `/`.
    pub fn parse(text: &str) -> Option<Self> {
        http_url(text).filter(|url| url.path() == "/").map(|url| Self::of(&url))
    }

    /// The origin of an http(s) URL, whatever its path.
    fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }

    fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| {
            let loopback = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(ip)) => ip.is_loopback(),
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                None => false,
            };
            loopback && url.scheme() == "http"
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A network, or one address as a network of its own.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Listen {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let address = reader.parsed("REEVE_LISTEN", "an IP address and port", |value| value.parse().ok());
        let given = match reader.text("REEVE_PUBLIC_URL") {
            None => Some(Vec::new()),
            Some(_) => reader.parsed(
                "REEVE_PUBLIC_URL",
                "origins, `http(s)://host[:port]` without a path, separated by commas",
                |value| value.split(',').map(|part| Origin::parse(part.trim())).collect(),
            ),
        };
        let trusted = match reader.text("REEVE_TRUSTED_PROXIES") {
            None => Some(Vec::new()),
            Some(_) => reader.parsed(
                "REEVE_TRUSTED_PROXIES",
                "IP addresses and networks (`10.0.0.0/8`), separated by commas",
                |value| value.split(',').map(|part| network(part.trim())).collect(),
            ),
        };
        Some(Self { address: address?, given: given?, trusted_proxies: trusted? })
    }

    /// Whether people reach it on this machine alone, without TLS.
    pub fn is_loopback(&self, bound: SocketAddr) -> bool {
        self.public_origins(bound).iter().all(Origin::is_loopback)
    }

    /// The public origins, the first one for links; never empty. `bound` is the address that was really bound,
    /// which differs from the asked one when that had port 0.
    ///
    /// Without `REEVE_PUBLIC_URL` it is the address itself, and `localhost` where that reaches it. An address
    /// that means all interfaces is no place one can dial, so loopback's names come first then.
    pub fn public_origins(&self, bound: SocketAddr) -> Vec<Origin> {
        if !self.given.is_empty() {
            return self.given.clone();
        }
        let port = bound.port();
        let own = format!("http://{bound}");
        let localhost = format!("http://localhost:{port}");
        let loopback = |ip: IpAddr| format!("http://{}", SocketAddr::new(ip, port));
        let texts = match bound.ip() {
            ip if ip.is_loopback() => vec![own, localhost],
            IpAddr::V4(ip) if ip.is_unspecified() => {
                vec![localhost, loopback(std::net::Ipv4Addr::LOCALHOST.into()), own]
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                vec![localhost, loopback(std::net::Ipv6Addr::LOCALHOST.into()), own]
            }
            _ => vec![own],
        };
        texts.iter().filter_map(|text| Origin::parse(text)).collect()
    }
}
