//! `reeve realm`: realms and their members.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value};

use super::{
    args::{Body, number_or_none, text_or_none},
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a realm.
    Add(Add),
    /// All realms.
    List,
    /// One realm, with its keys and members.
    Show(Named),
    /// Change a realm. Its slug stays.
    Edit(Edit),
    /// Remove a realm: its team and keys leave every proxy, its agents are told.
    Rm(Named),
    /// Make an agent a member.
    Join(Join),
    /// End an agent's membership.
    Leave(Leave),
    /// A realm's members.
    Members(Named),
}

#[derive(Debug, Args)]
pub struct Add {
    name: String,
    /// Its short name, which never changes. Default: from the name.
    #[arg(long)]
    slug: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// The realm of agents that enrol without one.
    #[arg(long)]
    default: bool,
    /// US dollars a month over all its agents.
    #[arg(long, value_name = "USD")]
    budget: Option<f64>,
    /// Labels of the proxies that serve it (their name is the label `name`), or `any`; repeatable, best first. Default: any.
    #[arg(long = "place", value_name = "NAME=VALUE,...", value_parser = selector)]
    placement: Vec<Value>,
    /// Whether its agents share one virtual key, or each have their own.
    #[arg(long, value_name = "realm|agent")]
    key_scope: Option<String>,
    /// Days after which a key is replaced by itself.
    #[arg(long, value_name = "DAYS")]
    key_max_age: Option<i64>,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Slug or id.
    realm: String,
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Slug or id.
    realm: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// The realm of agents that enrol without one.
    #[arg(long, value_name = "true|false")]
    default: Option<bool>,
    /// The model of agents for which none was chosen; `none` clears it.
    #[arg(long, value_name = "MODEL", value_parser = text_or_none)]
    default_model: Option<Value>,
    /// US dollars a month over all its agents; `none`: no limit.
    #[arg(long, value_name = "USD", value_parser = number_or_none)]
    budget: Option<Value>,
    /// Labels of the proxies that serve it, or `any`; repeatable, best first.
    #[arg(long = "place", value_name = "NAME=VALUE,...", value_parser = selector)]
    placement: Vec<Value>,
    /// Whether its agents share one virtual key, or each have their own.
    #[arg(long, value_name = "realm|agent")]
    key_scope: Option<String>,
    /// Days after which a key is replaced by itself; `none`: never.
    #[arg(long, value_name = "DAYS", value_parser = number_or_none)]
    key_max_age: Option<Value>,
}

#[derive(Debug, Args)]
pub struct Join {
    realm: String,
    did: String,
    /// The realm that its model is chosen from first.
    #[arg(long)]
    primary: bool,
}

#[derive(Debug, Args)]
pub struct Leave {
    realm: String,
    did: String,
}

/// `region=eu,tier=gold` as an object; `any` is one that asks for nothing.
fn selector(text: &str) -> Result<Value, String> {
    if text == "any" {
        return Ok(Value::Object(Map::new()));
    }
    let pairs = text.split(',').map(|pair| {
        let (name, value) = pair.split_once('=').ok_or("expected name=value,... or any")?;
        Ok((name.to_owned(), value.into()))
    });
    pairs.collect::<Result<Map<_, _>, &str>>().map(Value::Object).map_err(str::to_owned)
}

fn placement(given: Vec<Value>) -> Option<Value> {
    (!given.is_empty()).then_some(Value::Array(given))
}

const COLUMNS: &[Column] = &[
    ("REALM", |r| text_at(r, "/slug")),
    ("NAME", |r| text_at(r, "/name")),
    ("GRANTS", |r| text_at(r, "/grants")),
    ("MEMBERS", |r| text_at(r, "/members")),
    ("BUDGET/MONTH", |r| r["monthlyBudgetUsd"].as_f64().map_or("-".to_owned(), |usd| format!("${usd}"))),
    ("DEFAULT", |r| text_at(r, "/isDefault")),
    ("SYNC", |r| text_at(r, "/sync/state")),
];

const MEMBERS: &[Column] = &[
    ("AGENT", |m| text_at(m, "/did")),
    ("PRIMARY", |m| text_at(m, "/isPrimary")),
    ("JOINED", |m| text_at(m, "/joinedAt")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Add(add) => {
            let body = Body::default()
                .set("name", add.name)
                .maybe("slug", add.slug)
                .maybe("description", add.description)
                .maybe("isDefault", add.default.then_some(true))
                .maybe("monthlyBudgetUsd", add.budget)
                .maybe("placement", placement(add.placement))
                .maybe("keyScope", add.key_scope)
                .maybe("keyMaxAgeDays", add.key_max_age);
            let reply = s.write(Method::POST, path(["realms"]), Some(body.into())).await?;
            s.done(&reply, &format!("Made realm {}", text_at(&reply.body, "/slug"))).await
        }
        Command::List => {
            let items = s.list(path(["realms"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, COLUMNS, "No realms yet: reeve realm add NAME");
            Ok(())
        }
        Command::Show(Named { realm }) => show(s, &realm).await,
        Command::Edit(edit) => {
            let body = Body::default()
                .maybe("name", edit.name)
                .maybe("description", edit.description)
                .maybe("isDefault", edit.default)
                .maybe("defaultModelId", edit.default_model)
                .maybe("monthlyBudgetUsd", edit.budget)
                .maybe("placement", placement(edit.placement))
                .maybe("keyScope", edit.key_scope)
                .maybe("keyMaxAgeDays", edit.key_max_age)
                .some()?;
            let reply = s.write(Method::PATCH, path(["realms", &edit.realm]), Some(body)).await?;
            s.done(&reply, &format!("Changed realm {}", edit.realm)).await
        }
        Command::Rm(Named { realm }) => {
            let reply = s.write(Method::DELETE, path(["realms", &realm]), None).await?;
            s.done(&reply, &format!("Removed realm {realm}")).await
        }
        Command::Join(Join { realm, did, primary }) => {
            let body = Body::default().set("did", did.as_str()).maybe("primary", primary.then_some(true));
            let reply = s.write(Method::POST, path(["realms", &realm, "agents"]), Some(body.into())).await?;
            s.done(&reply, &format!("{did} is in {realm}")).await
        }
        Command::Leave(Leave { realm, did }) => {
            let reply = s.write(Method::DELETE, path(["realms", &realm, "agents", &did]), None).await?;
            s.done(&reply, &format!("{did} is no longer in {realm}")).await
        }
        Command::Members(Named { realm }) => {
            let items = s.list(path(["realms", &realm, "agents"]), Vec::new(), 10_000).await?;
            output::list(s.format, &items, MEMBERS, "No members.");
            Ok(())
        }
    }
}

async fn show(s: &Session, name: &str) -> Result<(), Failure> {
    let realm = s.get(path(["realms", name])).await?;
    if s.is_json() {
        output::json(&realm);
        return Ok(());
    }
    let members = s.list(path(["realms", name, "agents"]), Vec::new(), 100).await?;
    output::facts(&[
        ("realm", text_at(&realm, "/slug")),
        ("name", text_at(&realm, "/name")),
        ("id", text_at(&realm, "/id")),
        ("description", text_at(&realm, "/description")),
        ("default realm", text_at(&realm, "/isDefault")),
        ("default model", text_at(&realm, "/defaultModelId")),
        ("budget, USD a month", text_at(&realm, "/monthlyBudgetUsd")),
        ("placement", text_at(&realm, "/placement")),
        ("key scope", text_at(&realm, "/keyScope")),
        ("key lives at most, days", text_at(&realm, "/keyMaxAgeDays")),
        ("grants", text_at(&realm, "/grants")),
        ("frozen", text_at(&realm, "/frozen/reason")),
        ("members", text_at(&realm, "/members")),
        ("sync", text_at(&realm, "/sync/state")),
    ]);
    output::section(&realm, "/keys", super::keys::COLUMNS);
    output::section(&realm, "/sync/proxies", super::model::PROXIES);
    if !members.is_empty() {
        output::line("");
        output::table(&members, MEMBERS);
    }
    Ok(())
}
