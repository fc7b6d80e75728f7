//! The dumb end of the session: dials, sends text, receives text. Knows nothing of what is said.

use std::time::Duration;

use chrono::DateTime;
use futures_util::{SinkExt as _, StreamExt as _};
use reeve_protocol::{DecodeError, Envelope, FromAgent, MAX_MESSAGE_BYTES, ToAgent, close_code};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::enroll::chain;
use crate::machine::DialFailure;
use crate::{ControlPlaneUrl, Identity, Problem, clock};

/// A send that takes longer means that the other end is gone.
const SEND: Duration = Duration::from_secs(10);
/// What a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came.
#[derive(Debug)]
pub(crate) enum Received {
    Message(Result<ToAgent, DecodeError>),
    /// The end, and the close code if there was one.
    Closed {
        code: Option<u16>,
        why: String,
    },
}

/// Opens the socket, with a fresh proof.
pub(crate) async fn dial(url: ControlPlaneUrl, identity: Identity) -> Result<Socket, DialFailure> {
    let unreachable = |error: Error| DialFailure::Unreachable(chain(&error));
    let mut request = url.socket().into_client_request().map_err(unreachable)?;
    let proof = identity.proof(&url.origin()).map_err(|error| DialFailure::Unreachable(error.to_string()))?;
    let bearer = zeroize::Zeroizing::new(format!("Bearer {}", &*proof));
    let mut bearer = HeaderValue::from_str(&bearer)
        .map_err(|_| DialFailure::Unreachable("the proof does not fit a header".to_owned()))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let agent = concat!("reeve-agent/", env!("CARGO_PKG_VERSION"));
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));

    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(MAX_MESSAGE_BYTES);
    config.max_frame_size = Some(MAX_MESSAGE_BYTES);
    // Documents are small and rare; the default of 128 KiB would be most of what an idle agent holds.
    config.read_buffer_size = 4 * 1024;
    match tokio_tungstenite::connect_async_with_config(request, Some(config), true).await {
        Ok((stream, _)) => Ok(Socket(stream)),
        Err(Error::Http(response)) => Err(refused(&response)),
        Err(error) => Err(unreachable(error)),
    }
}

fn refused(response: &Response<Option<Vec<u8>>>) -> DialFailure {
    let body = response.body().as_deref().unwrap_or_default();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
    DialFailure::Refused { problem: Problem::read(response.status().as_u16(), body), retry_after }
}

/// `Retry-After`: seconds, or the HTTP date to wait for (RFC 9110, 10.2.3).
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(at.signed_duration_since(clock::now()).to_std().unwrap_or_default())
}

impl Socket {
    /// Sends a message; an error says why, and the socket is of no more use.
    pub(crate) async fn send(&mut self, message: FromAgent) -> Result<(), String> {
        let envelope = Envelope::new(clock::id().to_string(), clock::now(), message);
        let text = envelope.encode().map_err(|error| error.to_string())?;
        self.put(Message::text(text)).await
    }

    pub(crate) async fn ping(&mut self) -> Result<(), String> {
        self.put(Message::Ping(Bytes::new())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), String> {
        match tokio::time::timeout(SEND, self.0.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err("a message could not be sent in time".to_owned()),
        }
    }

    /// The next message or the end. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Received {
        loop {
            let closed = |why: &str| Received::Closed { code: None, why: why.to_owned() };
            return match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    Received::Message(Envelope::<ToAgent>::decode(&text).map(|envelope| envelope.message))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Binary(_))) => {
                    self.close(close_code::PROTOCOL_ERROR, "messages are text").await;
                    closed("the control plane sent a message that is not text")
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    let (code, reason) = (u16::from(frame.code), frame.reason.as_str());
                    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                    Received::Closed { code: Some(code), why: format!("closed with {code}{reason}") }
                }
                Some(Ok(Message::Close(None))) => closed("closed without a reason"),
                Some(Err(Error::Capacity(error))) => {
                    self.close(close_code::TOO_BIG, "message too big").await;
                    closed(&chain(&error))
                }
                Some(Err(error)) => closed(&chain(&error)),
                None => closed("the connection ended"),
            };
        }
    }

    /// Says goodbye, as far as the other end still listens.
    pub(crate) async fn close(&mut self, code: u16, why: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: why.into() };
        // The socket is dropped whatever comes of this.
        let _ = tokio::time::timeout(GOODBYE, self.0.close(Some(frame))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("soon"), None);
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let in_an_hour =
            (clock::now() + chrono::TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let wait = retry_after(&in_an_hour).unwrap().as_secs();
        assert!((3_590..=3_600).contains(&wait), "{wait}");
    }
}
