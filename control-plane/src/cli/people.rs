//! `reeve people`: who may sign in, and what they hold.

use clap::{ArgAction, Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    access::SESSIONS,
    args::Body,
    client::Reply,
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// All of them.
    #[default]
    List,
    /// One of them.
    Show(Named),
    /// Add somebody. The link with which they set a password is shown this once.
    Add(Add),
    /// Give them other roles, another name, or lock them out.
    Edit(Edit),
    /// Another link for a password, for who lost theirs.
    Invite(Named),
    /// Where they are signed in.
    Sessions(Named),
    /// End all their sessions.
    EndSessions(Named),
    /// Remove somebody. What they did stays in the audit.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct Add {
    email: String,
    /// How they are shown. Default: the email.
    #[arg(long)]
    name: Option<String>,
    /// owner, admin, operator or auditor; or realm-admin, realm-member, realm-viewer with a realm: realm-admin@REALM. Repeatable.
    #[arg(long = "role", value_name = "ROLE[@REALM]", value_parser = role)]
    roles: Vec<Value>,
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Id or email.
    person: String,
    #[arg(long)]
    name: Option<String>,
    /// In the place of those before; repeatable.
    #[arg(long = "role", value_name = "ROLE[@REALM]", value_parser = role, conflicts_with = "no_roles")]
    roles: Vec<Value>,
    /// Take all roles away.
    #[arg(long)]
    no_roles: bool,
    /// `true` locks them out, now.
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    disabled: Option<bool>,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Id or email.
    person: String,
}

#[expect(clippy::unnecessary_wraps, reason = "clap's value parsers return a Result")]
fn role(text: &str) -> Result<Value, String> {
    Ok(match text.split_once('@') {
        Some((role, realm)) => json!({ "role": role, "realmId": realm }),
        None => json!({ "role": text }),
    })
}

const COLUMNS: &[Column] = &[
    ("EMAIL", |p| text_at(p, "/email")),
    ("NAME", |p| text_at(p, "/name")),
    ("ROLES", roles),
    ("STATE", state),
    ("LAST LOGIN", |p| text_at(p, "/lastLoginAt")),
];

fn roles(person: &Value) -> String {
    let roles = person["roles"].as_array().into_iter().flatten();
    let names = roles.map(|at| match at["realmId"].as_str() {
        Some(realm) => format!("{}@{realm}", text_at(at, "/role")),
        None => text_at(at, "/role"),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn state(person: &Value) -> String {
    let word = if person["disabledAt"].is_string() {
        "disabled"
    } else if person["passwordSet"] == true {
        "active"
    } else {
        "invited"
    };
    word.to_owned()
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    let one = |person: &str| path(["people", person]);
    match command {
        Command::List => {
            let mut items = s.list(path(["people"]), Vec::new(), 10_000).await?;
            if !s.is_json() {
                name_realms(s, &mut items).await?;
            }
            output::list(
                s.format,
                &items,
                COLUMNS,
                "Nobody yet. `reeve people add EMAIL --role ROLE` adds somebody.",
            );
            Ok(())
        }
        Command::Show(Named { person }) => {
            let p = s.get(one(&person)).await?;
            if s.is_json() {
                output::json(&p);
                return Ok(());
            }
            let mut shown = vec![p];
            name_realms(s, &mut shown).await?;
            let p = shown.remove(0);
            output::facts(&[
                ("email", text_at(&p, "/email")),
                ("name", text_at(&p, "/name")),
                ("id", text_at(&p, "/id")),
                ("roles", roles(&p)),
                ("state", state(&p)),
                ("last login", text_at(&p, "/lastLoginAt")),
                ("added", text_at(&p, "/createdAt")),
                ("by", text_at(&p, "/createdBy")),
            ]);
            Ok(())
        }
        Command::Add(add) => {
            let body = Body::default()
                .set("email", add.email.clone())
                .set("roles", add.roles)
                .maybe("name", add.name);
            let reply = s.write(Method::POST, path(["people"]), Some(body.into())).await?;
            invited(s, &reply, &format!("Added {}", add.email)).await
        }
        Command::Edit(edit) => {
            let roles = (edit.no_roles || !edit.roles.is_empty()).then_some(edit.roles);
            let body = Body::default()
                .maybe("name", edit.name)
                .maybe("roles", roles)
                .maybe("disabled", edit.disabled);
            let reply = s.write(Method::PATCH, one(&edit.person), Some(body.some()?)).await?;
            s.done(&reply, &format!("Changed {}", edit.person)).await
        }
        Command::Invite(Named { person }) => {
            let reply = s.write(Method::POST, path(["people", &person, "invite"]), None).await?;
            invited(s, &reply, &format!("Another link for {person}")).await
        }
        Command::Sessions(Named { person }) => {
            let items = s.list(path(["people", &person, "sessions"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, SESSIONS, "No sessions.");
            Ok(())
        }
        Command::EndSessions(Named { person }) => {
            let reply = s.write(Method::DELETE, path(["people", &person, "sessions"]), None).await?;
            s.done(&reply, &format!("Ended {} sessions of {person}", text_at(&reply.body, "/ended"))).await
        }
        Command::Rm(Named { person }) => {
            let reply = s.write(Method::DELETE, one(&person), None).await?;
            s.done(&reply, &format!("Removed {person}")).await
        }
    }
}

/// For people, a realm is its slug.
async fn name_realms(s: &Session, people: &mut [Value]) -> Result<(), Failure> {
    let realms = s.list(path(["realms"]), Vec::new(), 10_000).await?;
    for role in people.iter_mut().filter_map(|p| p["roles"].as_array_mut()).flatten() {
        if let Some(realm) = realms.iter().find(|realm| realm["id"] == role["realmId"]) {
            role["realmId"] = realm["slug"].clone();
        }
    }
    Ok(())
}

async fn invited(s: &Session, reply: &Reply, what: &str) -> Result<(), Failure> {
    let (link, until) = (text_at(&reply.body, "/link"), text_at(&reply.body, "/linkExpiresAt"));
    s.done(
        reply,
        &format!("{what}\n{link}\nIt sets their password, once, until {until}. It is shown this once"),
    )
    .await
}
