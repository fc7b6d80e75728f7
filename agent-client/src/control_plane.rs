//! The control plane's URL: where to enrol, where the socket is, and the origin that a proof is for.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::AgentError;

/// The address of a control plane: `http` or `https`, a host, perhaps a port and a path prefix. It cannot hold a user, a
/// password, a query or a fragment, so it may be shown and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlaneUrl(Url);

impl ControlPlaneUrl {
    /// Reads a URL as a person types it.
    pub fn parse(text: &str) -> Result<Self, AgentError> {
        let refused = |given: &str, problem: &str| AgentError::Url {
            given: given.to_owned(),
            problem: problem.to_owned(),
        };
        let url = Url::parse(text.trim()).map_err(|error| {
            // What cannot be parsed may still hold a password.
            refused(if text.contains('@') { "(hidden)" } else { text }, &error.to_string())
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("(hidden)", "it must not hold a user or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("(hidden)", "it must not hold a query or a fragment"));
        }
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(refused(text, "it must begin with https:// or http:// and name a host"));
        }
        Ok(Self(url))
    }

    /// The origin, `scheme://host[:port]` without a default port: the `aud` of a proof.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether what is sent there can be read on the way: plain http to another machine.
    pub fn is_readable_on_the_way(&self) -> bool {
        let loopback = match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        self.0.scheme() == "http" && !loopback
    }

    pub(crate) fn enroll(&self) -> String {
        format!("{}{}", self, reeve_protocol::ENROLL_PATH)
    }

    pub(crate) fn socket(&self) -> String {
        // http becomes ws and https becomes wss.
        let text = self.to_string();
        format!("ws{}{}", text.strip_prefix("http").unwrap_or(&text), reeve_protocol::SOCKET_PATH)
    }
}

impl fmt::Display for ControlPlaneUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for ControlPlaneUrl {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, AgentError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::ControlPlaneUrl;

    #[test]
    fn addresses_follow_from_the_url() {
        for (given, shown, origin, socket) in [
            ("https://r.example", "https://r.example", "https://r.example", "wss://r.example/ws/agent"),
            ("https://R.example:443/", "https://r.example", "https://r.example", "wss://r.example/ws/agent"),
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "ws://127.0.0.1:8080/ws/agent",
            ),
            (
                "https://r.example/in/",
                "https://r.example/in",
                "https://r.example",
                "wss://r.example/in/ws/agent",
            ),
        ] {
            let url = ControlPlaneUrl::parse(given).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(url.origin(), origin);
            assert_eq!(url.socket(), socket);
            assert_eq!(url.enroll(), format!("{shown}/api/agents/enroll"));
        }
    }

    #[test]
    fn other_urls_are_refused_without_repeating_a_password() {
        for text in [
            "",
            "r.example",
            "ws://r.example",
            "ftp://r.example",
            "https://r.example?x=1",
            "https://r.example/#a",
        ] {
            assert!(ControlPlaneUrl::parse(text).is_err(), "{text}");
        }
        for text in
            ["https://user:marker@r.example", "https//user:marker@r", "https://r.example?token=marker"]
        {
            let error = ControlPlaneUrl::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("marker"), "{error}");
        }
    }

    #[test]
    fn plain_http_is_fine_on_this_machine_only() {
        for (text, readable) in [
            ("http://localhost:1", false),
            ("http://[::1]:1", false),
            ("http://127.8.8.8", false),
            ("https://r.example", false),
            ("http://r.example", true),
            ("http://10.0.0.1", true),
        ] {
            assert_eq!(ControlPlaneUrl::parse(text).unwrap().is_readable_on_the_way(), readable, "{text}");
        }
    }
}
