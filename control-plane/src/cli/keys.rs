//! `reeve keys`: the generations of a realm's virtual key.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The key's generations, by their fingerprints, and where they are.
    List(Named),
    /// Make a new generation. Agents get it before the old one goes.
    Rotate(Rotate),
    /// End an adopted key, or a retiring one before its time.
    Rm(Rm),
}

#[derive(Debug, Args)]
pub struct Rotate {
    /// Slug or id.
    realm: String,
    /// Only the own key of this agent, where each has its own (key scope agent).
    #[arg(long, value_name = "DID")]
    agent: Option<String>,
    /// For a key that leaked: the old one goes at once, and calls fail until the agents have the new one.
    #[arg(long)]
    now: bool,
}

#[derive(Debug, Args)]
pub struct Rm {
    /// Slug or id.
    realm: String,
    /// Its generation.
    generation: i64,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Slug or id.
    realm: String,
}

pub const COLUMNS: &[Column] = &[
    ("GENERATION", |k| text_at(k, "/generation")),
    ("AGENT", |k| text_at(k, "/agentDid")),
    ("KEY", |k| text_at(k, "/fingerprint")),
    ("STATE", |k| text_at(k, "/state")),
    ("MADE", |k| text_at(k, "/createdAt")),
    ("GOES AT THE LATEST", |k| text_at(k, "/retireAfter")),
    ("PROXIES", proxies),
];

/// `default: applied, eu: pending`
fn proxies(key: &Value) -> String {
    let proxies = key.pointer("/sync/proxies").or(key.get("proxies")).and_then(Value::as_array);
    let one = |p: &Value| format!("{}: {}", text_at(p, "/proxyName"), text_at(p, "/state"));
    proxies.into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::List(Named { realm }) => {
            let items = s.list(path(["realms", &realm, "keys"]), Vec::new(), 20_000).await?;
            output::list(s.format, &items, COLUMNS, "No key: the first grant makes it.");
            Ok(())
        }
        Command::Rotate(Rotate { realm, agent, now }) => {
            let body = (now || agent.is_some()).then(|| json!({ "agent": agent, "atOnce": now }));
            let reply = s.write(Method::POST, path(["realms", &realm, "keys", "rotate"]), body).await?;
            s.done(&reply, &format!("{realm} has a new key")).await
        }
        Command::Rm(Rm { realm, generation }) => {
            let keys = s.list(path(["realms", &realm, "keys"]), Vec::new(), 20_000).await?;
            let key = keys.iter().find(|k| k["generation"] == generation).ok_or_else(|| {
                Failure::Usage(format!(
                    "{realm} has no key of generation {generation}; see reeve keys list {realm}"
                ))
            })?;
            let to = path(["realms", &realm, "keys", &text_at(key, "/id")]);
            let reply = s.write(Method::DELETE, to, None).await?;
            let text =
                format!("Blocked generation {generation}; it goes when every proxy was proven to refuse it");
            s.done(&reply, &text).await
        }
    }
}
