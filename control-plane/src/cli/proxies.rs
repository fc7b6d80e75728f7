//! `reeve proxies`: the fleet.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value};

mod adopt;

use self::adopt::Adopt;
use super::{
    args::Body,
    failure::Failure,
    output::{self, Column, text_at},
    secrets::MasterKey,
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// All proxies.
    List,
    /// Register a LiteLLM proxy; everything wanted is put on it.
    Add(Add),
    /// One proxy: what it is, what it can do, what is in the way.
    Show(Named),
    /// Change a proxy's addresses, key, labels or cache lag.
    Edit(Edit),
    /// What is different on it: missing, changed, extra, or not ours.
    Drift(Named),
    /// Look at it now, compare it in full, and try again what was given up.
    Check(Named),
    /// Remove what is Reeve's own there and unknown to the registry, when a scan held that back for being too much.
    Prune(Named),
    /// Take over what is not Reeve's on it: a model by its name, or a virtual key. Without either: what could be.
    Adopt(Adopt),
    /// Send its agents elsewhere; what is on it stays, so that it can come back.
    Drain(Named),
    /// Take everything of ours off it and keep it registered. Drain it first.
    Disable(Named),
    /// Use it again after `drain` or `disable`.
    Activate(Named),
    /// Take everything of ours off it, then forget it.
    Rm(Rm),
}

#[expect(clippy::derivable_impls, reason = "clap reads the variants' docs; the default stands with agents'")]
impl Default for Command {
    fn default() -> Self {
        Self::List
    }
}

#[derive(Debug, Args)]
pub struct Add {
    name: String,
    /// Admin URL, as Reeve reaches it.
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// The URL that agents use. Default: the admin URL.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    master_key: MasterKey,
    /// Repeatable.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// How long its instances may go on serving what was taken away; 0 for one instance. Default: 60.
    #[arg(long, value_name = "SECONDS")]
    cache_lag: Option<u32>,
    /// `require`: nobody may use anything on it until it was seen to enforce what it is told.
    #[arg(long, value_name = "warn|require")]
    enforcement: Option<String>,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Name or id.
    proxy: String,
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Name or id.
    proxy: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    master_key: MasterKey,
    /// The labels, all of them; repeatable.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// How long its instances may go on serving what was taken away.
    #[arg(long, value_name = "SECONDS")]
    cache_lag: Option<u32>,
    /// `require`: nobody may use anything on it until it was seen to enforce what it is told.
    #[arg(long, value_name = "warn|require")]
    enforcement: Option<String>,
}

#[derive(Debug, Args)]
pub struct Rm {
    /// Name or id.
    proxy: String,
    /// Forget it at once, without taking anything off it: for a proxy that is gone for good. Keys and models that are on
    /// it stay there.
    #[arg(long)]
    force: bool,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn labels(given: Vec<(String, String)>) -> Option<Value> {
    (!given.is_empty())
        .then(|| Value::Object(given.into_iter().map(|(k, v)| (k, v.into())).collect::<Map<_, _>>()))
}

const COLUMNS: &[Column] = &[
    ("NAME", |p| text_at(p, "/name")),
    ("STATE", |p| text_at(p, "/state")),
    ("STATUS", |p| text_at(p, "/status")),
    ("SINCE", |p| text_at(p, "/statusSince")),
    ("VERSION", |p| text_at(p, "/version")),
    ("WAITING", |p| text_at(p, "/queue/waiting")),
    ("PARKED", |p| text_at(p, "/queue/parked")),
    ("URL", |p| text_at(p, "/baseUrl")),
    ("LAST ERROR", |p| text_at(p, "/lastError/message")),
];

const DRIFT: &[Column] = &[
    ("KIND", |d| text_at(d, "/kind")),
    ("DIFFERENCE", |d| text_at(d, "/class")),
    ("NAME", |d| text_at(d, "/name")),
    ("FIELDS", |d| text_at(d, "/fields")),
    ("ON THE PROXY", |d| text_at(d, "/externalId")),
    ("SINCE", |d| text_at(d, "/foundAt")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::List => {
            let items = s.list(path(["proxies"]), Vec::new(), 1000).await?;
            output::list(
                s.format,
                &items,
                COLUMNS,
                "No proxies: reeve proxies add NAME --base-url URL --master-key-file FILE",
            );
            Ok(())
        }
        Command::Add(add) => {
            let body = Body::default()
                .set("name", add.name.as_str())
                .set("baseUrl", add.base_url)
                .maybe("publicUrl", add.public_url)
                .set("masterKey", add.master_key.required()?.expose())
                .maybe("labels", labels(add.labels))
                .maybe("cacheLagSeconds", add.cache_lag)
                .maybe("enforcementPolicy", add.enforcement);
            let reply = s.write(Method::POST, path(["proxies"]), Some(body.into())).await?;
            s.done(&reply, &format!("Registered proxy {}", add.name)).await
        }
        Command::Show(Named { proxy }) => {
            show(s, &s.get(path(["proxies", &proxy])).await?);
            Ok(())
        }
        Command::Edit(edit) => {
            let body = Body::default()
                .maybe("name", edit.name)
                .maybe("baseUrl", edit.base_url)
                .maybe("publicUrl", edit.public_url)
                .maybe("masterKey", edit.master_key.read()?.map(|key| key.expose().to_owned()))
                .maybe("labels", labels(edit.labels))
                .maybe("cacheLagSeconds", edit.cache_lag)
                .maybe("enforcementPolicy", edit.enforcement)
                .some()?;
            let reply = s.write(Method::PATCH, path(["proxies", &edit.proxy]), Some(body)).await?;
            s.done(&reply, &format!("Changed proxy {}", edit.proxy)).await
        }
        Command::Check(Named { proxy }) => {
            let reply = s.write(Method::POST, path(["proxies", &proxy, "check"]), None).await?;
            if s.is_json() {
                return s.done(&reply, "").await;
            }
            show(s, &reply.body);
            Ok(())
        }
        Command::Prune(Named { proxy }) => {
            let reply = s.write(Method::POST, path(["proxies", &proxy, "prune"]), None).await?;
            let held = text_at(&reply.body, "/pruneHeld");
            s.done(&reply, &format!("A scan removes them now, {held} when they were held back")).await
        }
        Command::Drift(Named { proxy }) => {
            let items = s.list(path(["proxies", &proxy, "drift"]), Vec::new(), 10_000).await?;
            output::list(s.format, &items, DRIFT, "Nothing is different, as of the last full scan.");
            Ok(())
        }
        Command::Adopt(adopt) => adopt::run(adopt, s).await,
        Command::Drain(Named { proxy }) => set_state(s, &proxy, "draining", "Draining").await,
        Command::Disable(Named { proxy }) => set_state(s, &proxy, "disabled", "Disabling").await,
        Command::Activate(Named { proxy }) => set_state(s, &proxy, "active", "Using again").await,
        Command::Rm(Rm { proxy, force }) => {
            let query = if force { vec![("force", "true".to_owned())] } else { Vec::new() };
            let reply = s.write_with(Method::DELETE, path(["proxies", &proxy]), query, None).await?;
            let text =
                if force { format!("Forgot {proxy}") } else { format!("Emptying {proxy}, then it goes") };
            s.done(&reply, &text).await
        }
    }
}

async fn set_state(s: &Session, proxy: &str, state: &str, said: &str) -> Result<(), Failure> {
    let body = Body::default().set("state", state);
    let reply = s.write(Method::PATCH, path(["proxies", proxy]), Some(body.into())).await?;
    s.done(&reply, &format!("{said} proxy {proxy}")).await
}

/// Whether the proxy refuses what it should: the checks that it fails, and what to do.
fn enforcement(proxy: &Value) -> String {
    let results = proxy["enforcement"].as_array().map_or(&[][..], Vec::as_slice);
    let failed: Vec<&str> =
        results.iter().filter(|r| r["held"] == false).filter_map(|r| r["check"].as_str()).collect();
    if results.is_empty() {
        "not checked yet".to_owned()
    } else if failed.contains(&"model-in-query") {
        let others = failed.join(", ");
        format!(
            "fails {others}: a key gets around its list with ?model= in the URL; put deploy/front.conf before it"
        )
    } else if failed.is_empty() {
        let unknown = results.iter().filter(|r| r["held"].is_null()).count();
        if unknown == 0 {
            "holds".to_owned()
        } else {
            format!("holds, as far as {unknown} checks could be told")
        }
    } else {
        format!("fails {}", failed.join(", "))
    }
}

fn show(s: &Session, proxy: &Value) {
    if s.is_json() {
        return output::json(proxy);
    }
    output::facts(&[
        ("proxy", text_at(proxy, "/name")),
        ("id", text_at(proxy, "/id")),
        ("state", text_at(proxy, "/state")),
        ("status", text_at(proxy, "/status")),
        ("since", text_at(proxy, "/statusSince")),
        ("because", text_at(proxy, "/lastError/message")),
        ("agents sent elsewhere", text_at(proxy, "/avoided")),
        ("frozen", text_at(proxy, "/frozen/reason")),
        ("version", text_at(proxy, "/version")),
        ("admin URL", text_at(proxy, "/baseUrl")),
        ("agents' URL", text_at(proxy, "/publicUrl")),
        ("labels", text_at(proxy, "/labels")),
        ("cache lag, s", text_at(proxy, "/cacheLagSeconds")),
        ("can", text_at(proxy, "/capabilities")),
        ("enforcement", enforcement(proxy)),
        ("enforcement policy", text_at(proxy, "/enforcementPolicy")),
        ("not ours", text_at(proxy, "/foreign")),
        ("wiped since", text_at(proxy, "/wipedSince")),
        ("removals held back", text_at(proxy, "/pruneHeld")),
        ("waiting", text_at(proxy, "/queue/waiting")),
        ("parked", text_at(proxy, "/queue/parked")),
        ("oldest", text_at(proxy, "/queue/oldest")),
        ("checked", text_at(proxy, "/checkedAt")),
        ("compared in full", text_at(proxy, "/scannedAt")),
    ]);
}
