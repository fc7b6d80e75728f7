//! `reeve proxies adopt`: what could be taken over, and taking it over.

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use crate::cli::{
    args::Body,
    failure::Failure,
    output::{self, Column, text_at},
    secrets::{ApiKey, VirtualKey},
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Adopt {
    /// Name or id.
    proxy: String,
    /// The name of a model on it, all its deployments: its users go on with that name.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["key_file", "key_stdin", "key_env", "realm", "accept_changes"])]
    model: Option<String>,
    /// With `--model`: only the deployment of this id on the proxy.
    #[arg(long, value_name = "ID", requires = "model")]
    deployment: Option<String>,
    /// With `--model`: the provider, where its parameters do not tell.
    #[arg(long, requires = "model")]
    provider: Option<String>,
    /// With `--model`: a credential, by name or id; nobody can read the key that it calls with now.
    #[arg(long, value_name = "NAME", requires = "model")]
    credential: Option<String>,
    #[command(flatten)]
    api_key: ApiKey,
    #[command(flatten)]
    key: VirtualKey,
    /// The realm that a virtual key becomes a key of.
    #[arg(long, value_name = "REALM")]
    realm: Option<String>,
    /// Whoever holds the virtual key may lose what it could do so far.
    #[arg(long)]
    accept_changes: bool,
}

const COLUMNS: &[Column] = &[
    ("KIND", |d| text_at(d, "/kind")),
    ("NAME", |d| text_at(d, "/name")),
    ("WHAT", |d| {
        let model = text_at(d, "/found/deployment/upstreamModel");
        if d["kind"] == "deployment" { model } else { text_at(d, "/found/key/models") }
    }),
    ("ON THE PROXY", |d| text_at(d, "/externalId")),
];

pub async fn run(adopt: Adopt, s: &Session) -> Result<(), Failure> {
    let key = adopt.key.read()?;
    if let Some(key) = key {
        let realm = adopt
            .realm
            .ok_or_else(|| Failure::Usage("--realm is needed: the realm of the key".to_owned()))?;
        let body = Body::default()
            .set("key", key.expose())
            .set("realmId", realm.as_str())
            .set("acceptChanges", adopt.accept_changes);
        let to = path(["proxies", &adopt.proxy, "adopt", "key"]);
        let reply = s.write(Method::POST, to, Some(body.into())).await?;
        return s.done(&reply, &format!("Took a key over into realm {realm}")).await;
    }
    let found = s.list(path(["proxies", &adopt.proxy, "drift"]), Vec::new(), 10_000).await?;
    let mut foreign: Vec<Value> = found.into_iter().filter(|d| d["found"].is_object()).collect();
    let Some(model) = adopt.model else {
        output::list(s.format, &foreign, COLUMNS, "Nothing to take over, as of the last full scan.");
        return Ok(());
    };
    foreign.retain(|d| {
        d["kind"] == "deployment"
            && d["name"] == model.as_str()
            && adopt.deployment.as_ref().is_none_or(|id| d["externalId"] == id.as_str())
    });
    if foreign.is_empty() {
        let text = format!(
            "proxy {} has no foreign model {model:?}, as of its last full scan; see reeve proxies adopt {0}",
            adopt.proxy
        );
        return Err(Failure::Usage(text));
    }
    let api_key = adopt.api_key.read()?;
    for deployment in &foreign {
        let id = text_at(deployment, "/externalId");
        let body = Body::default()
            .set("litellmId", id.as_str())
            .maybe("provider", adopt.provider.clone())
            .maybe("credentialId", adopt.credential.clone())
            .maybe("apiKey", api_key.as_ref().map(|key| key.expose().to_owned()));
        let to = path(["proxies", &adopt.proxy, "adopt", "deployment"]);
        let reply = s.write(Method::POST, to, Some(body.into())).await?;
        s.done(&reply, &format!("Took over deployment {id} of model {model}")).await?;
    }
    Ok(())
}
