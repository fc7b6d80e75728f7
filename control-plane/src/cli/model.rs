//! `reeve model`: the registry's models. Knows the shapes of `/api/models` and nothing of what they lead to.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::{
    args::{Body, number_or_none, parameter, parameters, text_or_none},
    failure::Failure,
    output::{self, Column, text_at},
    secrets::ApiKey,
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register a model with its first backend.
    Add(Add),
    /// Try a backend out before it is registered: proxies call its provider once, for real, and nothing is changed.
    Test(Test),
    /// All models.
    List(List),
    /// One model: its backends, and how far it is on each proxy.
    Show(Named),
    /// Change a model; with one backend, the backend too. Name and provider stay.
    Edit(Edit),
    /// Remove a model: its grants are revoked, it leaves every proxy.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct Named {
    /// Id, `provider/name`, or the name alone where only one model has it.
    model: String,
}

#[derive(Debug, Args)]
pub struct Add {
    /// What people call it; `provider/name` follows from it and never changes.
    name: String,
    #[command(flatten)]
    backend: Backend,
    #[arg(long)]
    description: Option<String>,
    /// Told to agents; not enforced.
    #[arg(long)]
    max_tokens: Option<i64>,
    /// On every proxy, also before a grant; else only where a realm with a grant on it is served.
    #[arg(long)]
    everywhere: bool,
}

#[derive(Debug, Args)]
pub struct Test {
    #[command(flatten)]
    upstream: Upstream,
    /// Ask this proxy alone; without it all that are ready, at most three.
    #[arg(long)]
    proxy: Option<String>,
}

const TESTS: &[Column] = &[
    ("PROXY", |p| text_at(p, "/proxyName")),
    ("ANSWERS", |p| if p["ok"] == true { "yes" } else { "no" }.to_owned()),
    ("MESSAGE", |p| text_at(p, "/message")),
];

/// A backend to be made.
#[derive(Debug, Args)]
pub struct Backend {
    #[command(flatten)]
    upstream: Upstream,
    /// LiteLLM's order: lower first.
    #[arg(long)]
    order: Option<i64>,
    /// LiteLLM's weight among equals.
    #[arg(long)]
    weight: Option<i64>,
}

impl Backend {
    pub fn into(self, body: Body) -> Result<Body, Failure> {
        Ok(self.upstream.into(body)?.maybe("order", self.order).maybe("weight", self.weight))
    }
}

/// What a backend calls, and with what.
#[derive(Debug, Args)]
struct Upstream {
    /// Such as openai, anthropic, azure, bedrock, vertex_ai, ollama, vllm, openai-compatible.
    #[arg(long)]
    provider: String,
    /// The provider's own name for the model.
    #[arg(long)]
    model_id: String,
    /// Where the provider has no well-known address, or for another one.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    api_key: ApiKey,
    /// A stored credential instead of a key, by name or id.
    #[arg(long, conflicts_with = "ApiKey")]
    credential: Option<String>,
    /// A further litellm_params entry, never secret; repeatable.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    params: Vec<(String, Value)>,
}

impl Upstream {
    fn into(self, body: Body) -> Result<Body, Failure> {
        Ok(body
            .set("provider", self.provider)
            .set("modelId", self.model_id)
            .maybe("baseUrl", self.base_url)
            .maybe("apiKey", self.api_key.read()?.map(|key| key.expose().to_owned()))
            .maybe("credentialId", self.credential)
            .maybe("litellmParams", parameters(self.params)))
    }
}

/// An edit of a backend.
#[derive(Debug, Args)]
pub struct BackendEdit {
    /// The provider's own name for the model.
    #[arg(long)]
    model_id: Option<String>,
    /// `none` clears it.
    #[arg(long, value_name = "URL", value_parser = text_or_none)]
    base_url: Option<Value>,
    #[command(flatten)]
    api_key: ApiKey,
    /// A stored credential, by name or id; `none` for a backend that asks for no key.
    #[arg(long, conflicts_with = "ApiKey", value_parser = text_or_none)]
    credential: Option<Value>,
    /// LiteLLM's order: lower first; `none` clears it.
    #[arg(long, value_parser = number_or_none)]
    order: Option<Value>,
    /// LiteLLM's weight among equals; `none` clears it.
    #[arg(long, value_parser = number_or_none)]
    weight: Option<Value>,
    /// The further litellm_params, all of them; repeatable.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    params: Vec<(String, Value)>,
}

impl BackendEdit {
    pub fn into(self, body: Body) -> Result<Body, Failure> {
        Ok(body
            .maybe("modelId", self.model_id)
            .maybe("baseUrl", self.base_url)
            .maybe("apiKey", self.api_key.read()?.map(|key| key.expose().to_owned()))
            .maybe("credentialId", self.credential)
            .maybe("order", self.order)
            .maybe("weight", self.weight)
            .maybe("litellmParams", parameters(self.params)))
    }
}

#[derive(Debug, Args)]
pub struct List {
    /// Only these: active or inactive.
    #[arg(long)]
    status: Option<String>,
    /// Only names that contain this.
    #[arg(long)]
    search: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Id, `provider/name`, or the name alone where only one model has it.
    model: String,
    #[arg(long)]
    description: Option<String>,
    /// active, or inactive: kept, but on no proxy and usable by nobody.
    #[arg(long)]
    status: Option<String>,
    /// Told to agents; `none` clears it.
    #[arg(long, value_parser = number_or_none)]
    max_tokens: Option<Value>,
    /// On every proxy, or only where a realm with a grant on it is served.
    #[arg(long, value_name = "true|false")]
    everywhere: Option<bool>,
    #[command(flatten)]
    backend: BackendEdit,
}

const COLUMNS: &[Column] = &[
    ("NAME", |m| text_at(m, "/litellmModelName")),
    ("MODEL ID", |m| text_at(m, "/modelId")),
    ("STATUS", |m| text_at(m, "/status")),
    ("REALMS", |m| text_at(m, "/grants")),
    ("BACKENDS", |m| m["deployments"].as_array().map_or(0, Vec::len).to_string()),
    ("SYNC", |m| text_at(m, "/sync/state")),
    ("DESCRIPTION", |m| text_at(m, "/description")),
];

pub const BACKENDS: &[Column] = &[
    ("BACKEND", |d| text_at(d, "/id")),
    ("PROVIDER", |d| text_at(d, "/provider")),
    ("MODEL ID", |d| text_at(d, "/modelId")),
    ("BASE URL", |d| text_at(d, "/baseUrl")),
    ("KEY", |d| text_at(d, "/apiKeyFingerprint")),
    ("ORDER", |d| text_at(d, "/order")),
    ("WEIGHT", |d| text_at(d, "/weight")),
    ("PARAMS", |d| text_at(d, "/litellmParams")),
];

pub const PROXIES: &[Column] = &[
    ("PROXY", |p| text_at(p, "/proxyName")),
    ("STATE", |p| text_at(p, "/state")),
    ("SEEN", |p| text_at(p, "/observedAt")),
    ("ERROR", |p| text_at(p, "/errorMessage")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Add(add) => {
            let body = Body::default()
                .set("name", add.name)
                .maybe("description", add.description)
                .maybe("maxTokens", add.max_tokens)
                .maybe("everywhere", add.everywhere.then_some(true));
            let reply = s.write(Method::POST, path(["models"]), Some(add.backend.into(body)?.into())).await?;
            let name = text_at(&reply.body, "/litellmModelName");
            s.done(&reply, &format!("Registered {name}")).await
        }
        Command::Test(test) => {
            let body = test.upstream.into(Body::default().maybe("proxyId", test.proxy))?;
            let reply = s.write(Method::POST, path(["connection-tests"]), Some(body.into())).await?;
            if s.is_json() {
                output::json(&reply.body);
            } else {
                output::table(reply.body["proxies"].as_array().map_or(&[], Vec::as_slice), TESTS);
            }
            if reply.body["ok"] == true {
                return Ok(());
            }
            Err(Failure::NotConverged(
                "the provider did not answer on every proxy; nothing was changed".to_owned(),
            ))
        }
        Command::List(list) => {
            let filters = [("status", list.status), ("search", list.search)];
            let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let items = s.list(path(["models"]), filters, list.limit).await?;
            output::list(
                s.format,
                &items,
                COLUMNS,
                "No models yet: reeve model add NAME --provider ... --model-id ...",
            );
            Ok(())
        }
        Command::Show(Named { model }) => {
            let model = s.get(path(["models", &model])).await?;
            show(s, &model);
            Ok(())
        }
        Command::Edit(edit) => {
            let body = Body::default()
                .maybe("description", edit.description)
                .maybe("status", edit.status)
                .maybe("maxTokens", edit.max_tokens)
                .maybe("everywhere", edit.everywhere);
            let body = edit.backend.into(body)?.some()?;
            let reply = s.write(Method::PATCH, path(["models", &edit.model]), Some(body)).await?;
            s.done(&reply, &format!("Changed {}", edit.model)).await
        }
        Command::Rm(Named { model }) => {
            let reply = s.write(Method::DELETE, path(["models", &model]), None).await?;
            s.done(&reply, &format!("Removed {model}")).await
        }
    }
}

fn show(s: &Session, model: &Value) {
    if s.is_json() {
        return output::json(model);
    }
    output::facts(&[
        ("name", text_at(model, "/name")),
        ("called", text_at(model, "/litellmModelName")),
        ("id", text_at(model, "/id")),
        ("status", text_at(model, "/status")),
        ("description", text_at(model, "/description")),
        ("max tokens", text_at(model, "/maxTokens")),
        ("everywhere", text_at(model, "/everywhere")),
        ("granted to realms", text_at(model, "/grants")),
        ("frozen", text_at(model, "/frozen/reason")),
        ("sync", text_at(model, "/sync/state")),
        ("changed", text_at(model, "/updatedAt")),
    ]);
    output::section(model, "/deployments", BACKENDS);
    output::section(model, "/sync/proxies", PROXIES);
}
