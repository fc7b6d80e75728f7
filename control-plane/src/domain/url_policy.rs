//! Which addresses an admin may type, and which of them may be connected to.
//!
//! The service checks a text with [`UrlPolicy::check`] before it is stored; the outbound client asks
//! [`UrlPolicy::check_ip`] again for every address a name resolves to, at the moment it connects, because a name
//! may point elsewhere by then. It resolves nothing itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A LiteLLM proxy's admin URL.
    Proxy,
    /// `api_base` of a deployment: the proxy connects to it, not Reeve.
    ModelBackend,
    /// Where notifications go.
    Webhook,
}

/// Whether private and loopback addresses are allowed, per purpose. Cloud metadata and link-local never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlPolicy {
    pub proxy_private: bool,
    pub model_backend_private: bool,
    pub webhook_private: bool,
}

impl Default for UrlPolicy {
    /// Proxies and backends usually stand in the same private network; a webhook usually does not.
    fn default() -> Self {
        Self { proxy_private: true, model_backend_private: true, webhook_private: false }
    }
}

/// Why an address is refused. `Display` leaves the address out where it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    #[error("is not a URL ({0}); give one such as \"https://llm.example.com\"")]
    Malformed(String),
    #[error("has the scheme \"{0}\"; use http or https")]
    Scheme(String),
    #[error("contains a user name or a password; leave them out, keys have their own field")]
    UserInfo,
    #[error("contains a query string; leave out everything from \"?\"")]
    Query,
    #[error("contains a fragment; leave out everything from \"#\"")]
    Fragment,
    #[error("contains whitespace or a control character; remove it")]
    Whitespace,
    #[error("has no host; give one such as \"https://llm.example.com\"")]
    NoHost,
    #[error("names {0}, a cloud metadata, link-local or otherwise special address; these are always refused")]
    Special(String),
    #[error(
        "names {0}, a private or loopback address; use a public one, or allow private addresses for this purpose"
    )]
    Private(String),
}

/// Names under which clouds offer their metadata service.
const METADATA_NAMES: [&str; 6] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
];

/// Metadata and platform addresses outside link-local: Alibaba, Oracle, Azure's wire server, AWS and GCP over IPv6.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

impl UrlPolicy {
    /// Checks what an admin typed and gives its one normal form: lower-case host, no default port, no trailing
    /// slash. Prefix an error with the name of the field.
    pub fn check(self, purpose: Purpose, text: &str) -> Result<String, UrlRefused> {
        let text = text.trim();
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UrlRefused::Whitespace);
        }
        let url = Url::parse(text).map_err(|error| UrlRefused::Malformed(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlRefused::Scheme(url.scheme().chars().take(20).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::UserInfo);
        }
        if url.query().is_some() {
            return Err(UrlRefused::Query);
        }
        if url.fragment().is_some() {
            return Err(UrlRefused::Fragment);
        }
        // The `url` crate has turned every spelling of an IPv4 address (decimal, octal, hexadecimal, short,
        // full-width digits) into the address by now.
        match url.host().ok_or(UrlRefused::NoHost)? {
            Host::Ipv4(ip) => self.check_ip(purpose, ip.into())?,
            Host::Ipv6(ip) => self.check_ip(purpose, ip.into())?,
            Host::Domain(name) => self.check_name(purpose, name)?,
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Checks one address, written in the URL or found by resolving its host.
    pub fn check_ip(self, purpose: Purpose, ip: IpAddr) -> Result<(), UrlRefused> {
        let embedded = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => embedded_v4(v6),
        };
        for candidate in [Some(ip), embedded.map(IpAddr::V4)].into_iter().flatten() {
            if is_special(candidate) {
                return Err(UrlRefused::Special(ip.to_string()));
            }
            if !self.allows_private(purpose) && is_private(candidate) {
                return Err(UrlRefused::Private(ip.to_string()));
            }
        }
        Ok(())
    }

    fn check_name(self, purpose: Purpose, name: &str) -> Result<(), UrlRefused> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() {
            return Err(UrlRefused::NoHost);
        }
        if METADATA_NAMES.contains(&name.as_str()) {
            return Err(UrlRefused::Special(name));
        }
        if !self.allows_private(purpose) && (name == "localhost" || name.ends_with(".localhost")) {
            return Err(UrlRefused::Private(name));
        }
        Ok(())
    }

    fn allows_private(self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Proxy => self.proxy_private,
            Purpose::ModelBackend => self.model_backend_private,
            Purpose::Webhook => self.webhook_private,
        }
    }
}

/// Never a proxy, a backend or a webhook: metadata, link-local, unspecified, multicast, broadcast, reserved.
fn is_special(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            METADATA_V4.contains(&ip)
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.octets()[0] == 0
                || ip.octets()[0] >= 240
        }
        IpAddr::V6(ip) => {
            METADATA_V6.contains(&ip)
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                || ip.is_unspecified()
        }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            // 100.64.0.0/10 is RFC 6598, shared by carriers and used inside clusters.
            ip.is_private() || ip.is_loopback() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || (ip.segments()[0] & 0xffc0) == 0xfec0,
    }
}

/// The IPv4 address inside an IPv6 one: mapped and compatible (RFC 4291), NAT64 (RFC 6052, 8215), 6to4 (RFC 3056),
/// Teredo (RFC 4380).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] if !(ip.is_loopback() || ip.is_unspecified()) => {
            Some(v4(high, low))
        }
        [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, _, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(purpose: Purpose, text: &str) -> Result<String, UrlRefused> {
        UrlPolicy::default().check(purpose, text)
    }

    #[test]
    fn it_normalises() {
        for (text, normal) in [
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
            ("http://127.0.0.1:4000/", "http://127.0.0.1:4000"),
            (" HTTPS://LLM.Example.com:443// ", "https://llm.example.com"),
            ("https://llm.example.com/team/v1/", "https://llm.example.com/team/v1"),
            ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
            ("http://localhost:11434", "http://localhost:11434"),
        ] {
            assert_eq!(check(Purpose::ModelBackend, text).as_deref(), Ok(normal), "{text}");
        }
    }

    #[test]
    fn only_plain_http_addresses_pass() {
        let refused = |text: &str| check(Purpose::Proxy, text).unwrap_err();
        assert!(matches!(refused("ftp://example.com"), UrlRefused::Scheme(_)));
        assert!(matches!(refused("file:///etc/passwd"), UrlRefused::Scheme(_)));
        assert!(matches!(refused("example.com"), UrlRefused::Malformed(_)));
        assert!(matches!(refused(""), UrlRefused::Malformed(_)));
        assert!(matches!(refused("http://"), UrlRefused::Malformed(_)));
        assert_eq!(refused("http://user@example.com"), UrlRefused::UserInfo);
        assert_eq!(refused("http://:pw@example.com"), UrlRefused::UserInfo);
        assert_eq!(refused("http://example.com?a=b"), UrlRefused::Query);
        assert_eq!(refused("http://example.com#a"), UrlRefused::Fragment);
        assert_eq!(refused("http://exa mple.com"), UrlRefused::Whitespace);
        assert_eq!(refused("http://exam\nple.com"), UrlRefused::Whitespace);
    }

    #[test]
    fn metadata_is_refused_in_every_spelling() {
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0xA9.0xFE.0xA9.0xFE",
            "0251.0376.0251.0376",
            "169.254.43518",
            "169.16689662",
            "１６９.254.169.254",
            "169.254.1.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "0",
            "255.255.255.255",
            "224.0.0.1",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[::169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[2001:0:1::5601:5601]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[::]",
            "metadata.google.internal",
            "Metadata.Google.Internal.",
            "metadata",
            "instance-data.ec2.internal",
        ] {
            for purpose in [Purpose::Proxy, Purpose::ModelBackend, Purpose::Webhook] {
                let result = check(purpose, &format!("http://{host}/latest/meta-data"));
                assert!(matches!(result, Err(UrlRefused::Special(_))), "{host} {purpose:?}: {result:?}");
            }
        }
    }

    #[test]
    fn private_addresses_go_by_purpose() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "[::1]",
            "[fd12::1]",
            "[::ffff:10.0.0.1]",
            "localhost",
            "a.localhost",
            "localhost.",
        ] {
            let url = format!("http://{host}");
            assert!(check(Purpose::Proxy, &url).is_ok(), "{host}");
            assert!(check(Purpose::ModelBackend, &url).is_ok(), "{host}");
            let refused = check(Purpose::Webhook, &url);
            assert!(matches!(refused, Err(UrlRefused::Private(_))), "{host}: {refused:?}");
        }
        let strict = UrlPolicy { proxy_private: false, ..UrlPolicy::default() };
        assert!(strict.check(Purpose::Proxy, "http://10.0.0.1").is_err());
        for host in ["93.184.216.34", "[2606:2800:220:1::1]", "example.com"] {
            assert!(check(Purpose::Webhook, &format!("https://{host}")).is_ok(), "{host}");
        }
    }
}
