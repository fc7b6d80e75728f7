//! The dumb end of a session: sends and receives frames. Knows nothing of what is said.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use reeve_protocol::{MAX_MESSAGE_BYTES, close_code};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError};

/// Per connection; most of what an idle one holds. tungstenite's default is 128 KiB.
const READ_BUFFER: usize = 1024;
/// Where reading stops for good. Above [`MAX_MESSAGE_BYTES`], so that a message that is a little too large is still
/// read to its end and the goodbye reaches the other side.
const READ_LIMIT: usize = 2 * MAX_MESSAGE_BYTES;
/// What the other end has to take a message, or to answer a goodbye: longer means that nobody is there. A socket that
/// goes before a slow agent read its goodbye takes the close code with it, and the agent would come back at once.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Transport(WebSocket);

pub(super) enum Received {
    Text(Utf8Bytes),
    Binary,
    /// A ping (answered already) or a pong.
    Alive,
    /// More than a message may have.
    TooBig,
    /// The other end is gone, with or without a goodbye.
    Gone,
}

/// Limits of the socket. Every message is written out at once; frames are never compressed.
pub(in crate::push) fn limits(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_MESSAGE_BYTES + 64 * 1024)
        .max_message_size(READ_LIMIT)
        .max_frame_size(READ_LIMIT)
}

impl Transport {
    pub fn new(socket: WebSocket) -> Self {
        Self(socket)
    }

    /// The next frame. May be dropped while it waits.
    pub async fn receive(&mut self) -> Received {
        match self.0.recv().await {
            Some(Ok(Message::Text(text))) => Received::Text(text),
            Some(Ok(Message::Binary(_))) => Received::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Alive,
            Some(Err(error)) if is_too_big(&error) => Received::TooBig,
            Some(Ok(Message::Close(_)) | Err(_)) | None => Received::Gone,
        }
    }

    /// `false` when nobody takes it.
    pub async fn send(&mut self, text: Utf8Bytes) -> bool {
        self.write(Message::Text(text)).await
    }

    pub async fn ping(&mut self) -> bool {
        self.write(Message::Ping(Vec::new().into())).await
    }

    async fn write(&mut self, message: Message) -> bool {
        matches!(timeout(PATIENCE, self.0.send(message)).await, Ok(Ok(())))
    }

    /// Says goodbye and waits a little for the answer, so that what was sent before is not lost with the socket.
    pub async fn close(mut self, code: u16, why: &'static str) {
        if !self.write(Message::Close(Some(CloseFrame { code, reason: why.into() }))).await {
            return;
        }
        // After a message that was too big, what follows on the socket is no frame.
        if code != close_code::TOO_BIG {
            let _ = timeout(PATIENCE, async { while let Some(Ok(_)) = self.0.recv().await {} }).await;
        }
    }
}

fn is_too_big(error: &axum::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<WsError>());
    matches!(cause, Some(WsError::Capacity(CapacityError::MessageTooLong { .. })))
}
