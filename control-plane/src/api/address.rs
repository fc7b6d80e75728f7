//! From where a request comes: the peer, or what a trusted front in between says of it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName},
};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub IpAddr);

/// Of a request that was looked at by [`find`].
pub fn of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Address>().map(|address| address.0)
}

/// The peer; where that is a front that is trusted, the last one in `X-Forwarded-For` that is not. Whatever stands before
/// that may have been written by anybody. `None` without a socket, as in tests.
pub fn find(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<Address> {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut found = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let forwarded = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    for hop in hops.iter().rev() {
        if !is_trusted(&found) {
            break;
        }
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        found = ip.to_canonical();
    }
    Some(Address(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_front_is_believed() {
        let found = |peer: &str, forwarded: &[&str], trusted: &[&str]| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
            find(&extensions, &headers, &trusted).unwrap().0.to_string()
        };
        assert_eq!(found("10.0.0.1", &["1.2.3.4"], &[]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &["1.2.3.4"], &["10.0.0.0/8"]), "1.2.3.4");
        // The caller wrote the first; the front added the second.
        assert_eq!(found("10.0.0.1", &["9.9.9.9, 1.2.3.4"], &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(found("10.0.0.1", &["9.9.9.9", "1.2.3.4, 10.0.0.2"], &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(found("10.0.0.1", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(found("::ffff:10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }
}
