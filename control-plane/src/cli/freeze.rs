//! `reeve freeze`, `unfreeze`, `freezes`: the emergency stop.

use clap::{Args, ValueEnum};
use reqwest::Method;
use serde_json::json;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    Realm,
    Agent,
    Model,
    Proxy,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Realm => "realm",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Proxy => "proxy",
        }
    }
}

#[derive(Debug, Args)]
pub struct Freeze {
    kind: Kind,
    /// Slug, name or id; the DID of an agent.
    name: String,
    /// Agents and colleagues are told.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Unfreeze {
    kind: Kind,
    /// Slug, name or id; the DID of an agent.
    name: String,
}

#[derive(Debug, Args)]
pub struct Freezes {}

const COLUMNS: &[Column] = &[
    ("KIND", |f| text_at(f, "/kind")),
    ("NAME", |f| text_at(f, "/name")),
    ("SINCE", |f| text_at(f, "/frozenAt")),
    ("BY", |f| text_at(f, "/frozenBy")),
    ("SYNC", |f| text_at(f, "/sync/state")),
    ("REASON", |f| text_at(f, "/reason")),
];

pub async fn freeze(args: Freeze, s: &Session) -> Result<(), Failure> {
    let body = json!({ "kind": args.kind.as_str(), "name": args.name, "reason": args.reason });
    let reply = s.write(Method::POST, path(["freezes"]), Some(body)).await?;
    s.done(&reply, &format!("Froze {} {}", args.kind.as_str(), text_at(&reply.body, "/name"))).await
}

pub async fn unfreeze(args: Unfreeze, s: &Session) -> Result<(), Failure> {
    let at = path(["freezes", args.kind.as_str(), &args.name]);
    let reply = s.write(Method::DELETE, at, None).await?;
    s.done(&reply, &format!("{} {} goes on", args.kind.as_str(), text_at(&reply.body, "/name"))).await
}

pub async fn list(s: &Session) -> Result<(), Failure> {
    let items = s.list(path(["freezes"]), Vec::new(), 10_000).await?;
    output::list(s.format, &items, COLUMNS, "Nothing is frozen.");
    Ok(())
}
