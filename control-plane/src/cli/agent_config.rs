//! `reeve agent-config`: how one agent gets its LLM.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::{
    args::Body,
    failure::Failure,
    output::{self, text_at},
    secrets::ApiKey,
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What the agent is to run now. Its key is never shown.
    Get(Named),
    /// Choose a model of a realm, type a config by hand, or leave the agent to its own environment.
    Set(Box<Set>),
    /// Clear what was chosen or typed: the agent uses its own environment, and no grant changes that.
    Clear(Named),
    /// Offer a document again that the agent refused.
    Retry(Named),
}

#[derive(Debug, Args)]
pub struct Named {
    /// did:key:z6Mk...
    did: String,
}

#[derive(Debug, Args)]
pub struct Set {
    /// did:key:z6Mk...
    did: String,
    /// Through the fleet: a realm that the agent is a member of ...
    #[arg(long, conflicts_with_all = ["manual", "env", "by_rule"], requires = "model")]
    realm: Option<String>,
    /// ... and a model granted to it. With --manual: the model's name at the provider.
    #[arg(long, conflicts_with_all = ["env", "by_rule"])]
    model: Option<String>,
    /// Through the fleet, and nothing chosen: what it has stays while it may use it; else the default model of its primary realm
    /// or the model granted longest.
    #[arg(long, conflicts_with_all = ["manual", "env"])]
    by_rule: bool,
    /// Typed by hand: --provider, --model, --base-url and a key.
    #[arg(long, conflicts_with = "env", requires_all = ["provider", "model", "base_url"])]
    manual: bool,
    /// The agent's own environment.
    #[arg(long)]
    env: bool,
    #[arg(long, requires = "manual")]
    provider: Option<String>,
    #[arg(long, value_name = "URL", requires = "manual")]
    base_url: Option<String>,
    #[command(flatten)]
    api_key: ApiKey,
    #[arg(long, requires = "manual")]
    max_tokens: Option<i64>,
    #[arg(long, requires = "manual")]
    system_prompt: Option<String>,
}

impl Set {
    fn body(self) -> Result<Value, Failure> {
        if self.env {
            return Ok(Body::default().set("mode", "env").into());
        }
        if self.by_rule {
            return Ok(Body::default().set("mode", "realm").into());
        }
        if self.manual {
            let body = Body::default()
                .set("mode", "manual")
                .maybe("provider", self.provider)
                .maybe("model", self.model)
                .maybe("baseUrl", self.base_url)
                .maybe("apiKey", self.api_key.read()?.map(|key| key.expose().to_owned()))
                .maybe("maxTokens", self.max_tokens)
                .maybe("systemPrompt", self.system_prompt);
            return Ok(body.into());
        }
        match (self.realm, self.model) {
            (Some(realm), Some(model)) => {
                Ok(Body::default().set("realmId", realm).set("realmModelId", model).into())
            }
            _ => Err(Failure::Usage(
                "say which: --realm R --model M, --by-rule, --manual ..., or --env".to_owned(),
            )),
        }
    }
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Get(Named { did }) => {
            show(s, &s.get(path(["agents", &did, "llm-config"])).await?);
            Ok(())
        }
        Command::Set(set) => {
            let at = path(["agents", &set.did, "llm-config"]);
            write(s, Method::PUT, at, Some(set.body()?)).await
        }
        Command::Clear(Named { did }) => {
            write(s, Method::DELETE, path(["agents", &did, "llm-config"]), None).await
        }
        Command::Retry(Named { did }) => {
            write(s, Method::POST, path(["agents", &did, "llm-config", "retry"]), None).await
        }
    }
}

async fn write(s: &Session, method: Method, at: Vec<String>, body: Option<Value>) -> Result<(), Failure> {
    let reply = s.write(method, at, body).await?;
    let sent = match reply.body["pushed"].as_bool() {
        Some(true) => "it was sent to the agent",
        Some(false) => "the agent gets it when it connects",
        None => "done",
    };
    let state = text_at(&reply.body, "/state");
    let model = reply.body.pointer("/config/model").and_then(Value::as_str);
    let what = model.map_or(state.clone(), |model| format!("{state} with {model}"));
    s.done(&reply, &format!("Version {} is {what}; {sent}", text_at(&reply.body, "/version"))).await
}

fn show(s: &Session, config: &Value) {
    if s.is_json() {
        return output::json(config);
    }
    output::facts(&[
        ("state", text_at(config, "/state")),
        ("mode", text_at(config, "/mode")),
        ("version", text_at(config, "/version")),
        ("because", text_at(config, "/detail/message")),
        ("provider", text_at(config, "/config/provider")),
        ("model", text_at(config, "/config/model")),
        ("base URL", text_at(config, "/config/baseUrl")),
        ("key set", text_at(config, "/config/apiKeySet")),
        ("key generation", text_at(config, "/config/keyGeneration")),
        ("may use", text_at(config, "/config/models")),
        ("max tokens", text_at(config, "/config/maxTokens")),
        ("expires", text_at(config, "/config/expiresAt")),
    ]);
}
