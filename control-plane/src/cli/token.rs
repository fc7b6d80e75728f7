//! `reeve token`: tokens for CI jobs and services. Shown once.

use clap::{Args, Subcommand};
use reqwest::Method;

use super::{
    args::{Body, moment},
    client::Reply,
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token. It is shown this once, and cannot do more than you can.
    Create(Create),
    /// All tokens, those that have ended too.
    List,
    /// One token, without its text.
    Show(Named),
    /// Give a token a new text; name, permissions and end stay.
    Rotate(Rotate),
    /// End a token, now.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct Create {
    /// What the audit calls its holder, such as "deploy".
    name: String,
    /// A named set of permissions: owner, admin, operator, auditor; with --realm realm-admin, realm-member, realm-viewer.
    #[arg(long, required_unless_present = "can", conflicts_with = "can")]
    role: Option<String>,
    /// A single permission, such as grants:write, which includes grants:read; repeatable.
    #[arg(long, value_name = "PERMISSION")]
    can: Vec<String>,
    /// A realm where it has them; repeatable. Default: everywhere.
    #[arg(long = "realm")]
    realms: Vec<String>,
    /// Until when: a time, a date, or from now on (24h, 30d). Default: 90 days.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    expires: Option<String>,
    /// Print the token and nothing else.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub struct Rotate {
    /// Id or name.
    token: String,
    /// For how many seconds the text before goes on counting. Default: it ends now.
    #[arg(long, value_name = "SECONDS")]
    overlap: Option<u32>,
    /// Print the token and nothing else.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Id or name.
    token: String,
}

const COLUMNS: &[Column] = &[
    ("NAME", |t| text_at(t, "/name")),
    ("TOKEN", |t| text_at(t, "/fingerprint")),
    ("STATE", |t| text_at(t, "/state")),
    ("MAY", may),
    ("EXPIRES", |t| text_at(t, "/expiresAt")),
    ("LAST USED", |t| text_at(t, "/lastUsedAt")),
    ("MADE BY", |t| text_at(t, "/createdBy")),
];

pub fn may(token: &serde_json::Value) -> String {
    let what =
        if token["role"].is_string() { text_at(token, "/role") } else { text_at(token, "/permissions") };
    match token["realmIds"].as_array() {
        Some(realms) => format!("{what} in {} realm(s)", realms.len()),
        None => what,
    }
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let list = |items: Vec<String>| (!items.is_empty()).then_some(items);
            let body = Body::default()
                .set("name", create.name)
                .maybe("role", create.role)
                .maybe("permissions", list(create.can))
                .maybe("realmIds", list(create.realms))
                .maybe("expiresAt", create.expires);
            let reply = s.write(Method::POST, path(["tokens"]), Some(body.into())).await?;
            shown(s, &reply, create.quiet).await
        }
        Command::List => {
            let items = s.list(path(["tokens"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, COLUMNS, "No tokens.");
            Ok(())
        }
        Command::Show(Named { token }) => {
            let t = s.get(path(["tokens", &token])).await?;
            if s.is_json() {
                output::json(&t);
                return Ok(());
            }
            output::facts(&[
                ("name", text_at(&t, "/name")),
                ("id", text_at(&t, "/id")),
                ("token", text_at(&t, "/fingerprint")),
                ("state", text_at(&t, "/state")),
                ("may", may(&t)),
                ("realms", text_at(&t, "/realmIds")),
                ("expires", text_at(&t, "/expiresAt")),
                ("last used", text_at(&t, "/lastUsedAt")),
                ("from", text_at(&t, "/lastUsedAddress")),
                ("rotated", text_at(&t, "/rotatedAt")),
                ("the one before counts until", text_at(&t, "/previousUntil")),
                ("made", text_at(&t, "/createdAt")),
                ("by", text_at(&t, "/createdBy")),
            ]);
            Ok(())
        }
        Command::Rotate(rotate) => {
            let body = Body::default().maybe("overlapSeconds", rotate.overlap);
            let path = path(["tokens", &rotate.token, "rotate"]);
            let reply = s.write(Method::POST, path, Some(body.into())).await?;
            shown(s, &reply, rotate.quiet).await
        }
        Command::Rm(Named { token }) => {
            let reply = s.write(Method::DELETE, path(["tokens", &token]), None).await?;
            s.done(&reply, &format!("Ended {token}")).await
        }
    }
}

async fn shown(s: &Session, reply: &Reply, quiet: bool) -> Result<(), Failure> {
    let token = text_at(&reply.body, "/token");
    if quiet {
        output::line(&token);
        return Ok(());
    }
    let until = text_at(&reply.body, "/expiresAt");
    s.done(reply, &format!("{token}\nIt is shown this once and good until {until}")).await
}
