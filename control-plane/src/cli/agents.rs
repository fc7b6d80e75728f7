//! `reeve agents`: who they are, what they run, and whether they may.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// All agents.
    List(List),
    /// One agent: its session, what it runs, what it should run.
    Show(Named),
    /// Let a pending agent in.
    Approve(Named),
    /// Cut an agent off for good: its session ends, it is told to wipe its key.
    Revoke(Named),
    /// Forget an agent.
    Rm(Named),
}

impl Default for Command {
    fn default() -> Self {
        Self::List(List { realm: None, status: None, search: None, limit: 1000 })
    }
}

#[derive(Debug, Args)]
pub struct List {
    /// Only members of this realm.
    #[arg(long)]
    realm: Option<String>,
    /// Only these: pending, approved, rejected or revoked.
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
pub struct Named {
    /// did:key:z6Mk...
    did: String,
}

const COLUMNS: &[Column] = &[
    ("NAME", |a| text_at(a, "/name")),
    ("STATUS", |a| text_at(a, "/status")),
    ("MODE", |a| text_at(a, "/mode")),
    ("REALMS", realms),
    ("CONNECTED", |a| text_at(a, "/connection/connected")),
    ("WANTED", |a| text_at(a, "/wanted/state")),
    ("PROGRESS", |a| text_at(a, "/wanted/progress")),
    ("RUNS", |a| text_at(a, "/running/version")),
    ("DID", |a| text_at(a, "/did")),
];

/// The primary one with a star.
fn realms(agent: &Value) -> String {
    let realms = agent["realms"].as_array().into_iter().flatten();
    let name = |realm: &Value| {
        let star = if realm["isPrimary"] == true { "*" } else { "" };
        format!("{}{star}", text_at(realm, "/slug"))
    };
    realms.map(name).collect::<Vec<_>>().join(", ")
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    let (method, did, verb, done) = match command {
        Command::List(list) => return self::list(list, s).await,
        Command::Show(Named { did }) => {
            show(s, &s.get(path(["agents", &did])).await?);
            return Ok(());
        }
        Command::Approve(Named { did }) => (Method::POST, did, Some("approve"), "Approved"),
        Command::Revoke(Named { did }) => (Method::POST, did, Some("revoke"), "Revoked"),
        Command::Rm(Named { did }) => (Method::DELETE, did, None, "Removed"),
    };
    let mut at = path(["agents", &did]);
    at.extend(verb.map(str::to_owned));
    let reply = s.write(method, at, None).await?;
    s.done(&reply, &format!("{done} {did}")).await
}

async fn list(list: List, s: &Session) -> Result<(), Failure> {
    let filters = [("realmId", list.realm), ("status", list.status), ("search", list.search)];
    let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let items = s.list(path(["agents"]), filters, list.limit).await?;
    output::list(
        s.format,
        &items,
        COLUMNS,
        "No agents yet: reeve enroll-token create, then reeve-agent enroll",
    );
    Ok(())
}

fn show(s: &Session, agent: &Value) {
    if s.is_json() {
        return output::json(agent);
    }
    output::facts(&[
        ("agent", text_at(agent, "/name")),
        ("did", text_at(agent, "/did")),
        ("status", text_at(agent, "/status")),
        ("because", text_at(agent, "/statusReason")),
        ("frozen", text_at(agent, "/frozen/reason")),
        ("mode", text_at(agent, "/mode")),
        ("realms", realms(agent)),
        ("connected", text_at(agent, "/connection/connected")),
        ("since", text_at(agent, "/connection/since")),
        ("last seen", text_at(agent, "/connection/lastSeen")),
        ("program", text_at(agent, "/connection/agentVersion")),
        (
            "wanted",
            format!("{} (version {})", text_at(agent, "/wanted/state"), text_at(agent, "/wanted/version")),
        ),
        ("progress", text_at(agent, "/wanted/progress")),
        ("runs version", text_at(agent, "/running/version")),
        ("with key generation", text_at(agent, "/running/keyGeneration")),
        ("rejected version", text_at(agent, "/rejected/version")),
        ("rejected because", text_at(agent, "/rejected/message")),
        ("rejected field", text_at(agent, "/rejected/field")),
    ]);
}
