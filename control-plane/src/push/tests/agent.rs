//! An agent on a real socket, without any of the agent library's wits.

use std::net::SocketAddr;

use chrono::DateTime;
use futures_util::{SinkExt as _, StreamExt as _};
use reeve_protocol::{
    Document, Envelope, FromAgent, Hello, LlmConfigMessage, LlmConfigStatus, ProtocolRange, SOCKET_PATH,
    ToAgent, VersionHash, Welcome,
};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};
use uuid::Uuid;

use super::{PATIENCE, replica::Replica};
use crate::{base::clock::Clock, push::testing::TestKey};

pub struct Agent {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// An HTTP answer in place of a socket.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub content_type: String,
    pub problem: Value,
}

impl Refused {
    pub fn code(&self) -> &str {
        self.problem["code"].as_str().unwrap_or_default()
    }
}

impl Agent {
    /// Opens a socket, with whatever headers.
    pub async fn dial(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Refused> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => {
                let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
                Err(Refused {
                    status: response.status().as_u16(),
                    retry_after: header("retry-after").and_then(|v| v.parse().ok()),
                    content_type: header("content-type").unwrap_or_default().to_owned(),
                    problem: serde_json::from_slice(response.body().as_deref().unwrap_or_default())
                        .unwrap_or_default(),
                })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket with a fresh proof.
    pub async fn open(replica: &Replica, key: &TestKey) -> Result<Self, Refused> {
        let bearer = format!("Bearer {}", key.proof(Clock::System.now()));
        Self::dial(replica.address, SOCKET_PATH, &[("authorization", &bearer)]).await
    }

    /// Opens a socket, says hello and is welcomed.
    pub async fn connect(replica: &Replica, key: &TestKey, applied: Option<VersionHash>) -> (Self, Welcome) {
        let mut agent = Self::open(replica, key).await.expect("a socket");
        agent.hello(applied, None).await;
        match agent.next().await {
            ToAgent::Welcome(welcome) => (agent, welcome),
            other => panic!("{other:?}"),
        }
    }

    pub async fn text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn say(&mut self, message: FromAgent) {
        let envelope = Envelope::new("m", DateTime::UNIX_EPOCH, message);
        self.text(envelope.encode().unwrap()).await;
    }

    pub async fn hello(&mut self, applied: Option<VersionHash>, rejected: Option<VersionHash>) {
        self.say(FromAgent::Hello(Hello {
            protocol: ProtocolRange::OURS,
            instance_id: Uuid::from_u128(1),
            agent_version: "0.1.0".to_owned(),
            capabilities: Vec::new(),
            applied,
            rejected,
        }))
        .await;
    }

    /// The next message that is no heartbeat.
    pub async fn next(&mut self) -> ToAgent {
        loop {
            match self.frame().await {
                Ok(ToAgent::Heartbeat(_)) => {}
                Ok(message) => return message,
                Err(code) => panic!("the socket was closed with {code:?}"),
            }
        }
    }

    /// The next message, or the close code.
    pub async fn frame(&mut self) -> Result<ToAgent, Option<u16>> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    let message = Envelope::<ToAgent>::decode(&text).unwrap().message;
                    if let ToAgent::LlmConfig(document) = &message {
                        assert!(document.hash_matches(), "the hash is that of the document");
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|f| f.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Reads on until the socket is closed; the code.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    /// The next document.
    pub async fn document(&mut self) -> LlmConfigMessage {
        match self.next().await {
            ToAgent::LlmConfig(document) => document,
            other => panic!("{other:?}"),
        }
    }

    /// The next document, taken into use.
    pub async fn applied(&mut self) -> LlmConfigMessage {
        let document = self.document().await;
        self.apply(&document).await;
        document
    }

    pub async fn apply(&mut self, document: &LlmConfigMessage) {
        self.say(FromAgent::LlmConfigStatus(LlmConfigStatus::applied(document.version_hash()))).await;
    }

    pub async fn reject(&mut self, document: &LlmConfigMessage, running: Option<VersionHash>) {
        let name = document.version_hash();
        let field = Some("config.model".to_owned());
        let status = LlmConfigStatus::rejected(name, "model-too-small", "it has no tools", field, running);
        self.say(FromAgent::LlmConfigStatus(status)).await;
    }

    /// Takes documents into use until one names this model.
    pub async fn until_model(&mut self, model: &str) -> LlmConfigMessage {
        loop {
            let document = self.applied().await;
            if document.document.config().is_some_and(|config| config.model == model) {
                return document;
            }
        }
    }
}

/// The model of a document, or the code of why there is none.
pub fn told(message: &LlmConfigMessage) -> &str {
    match &message.document {
        Document::Active(config) => &config.model,
        Document::Env => "env",
        Document::Unavailable(detail) => &detail.code,
    }
}
