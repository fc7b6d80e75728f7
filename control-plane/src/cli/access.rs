//! `reeve whoami`, `reeve settings`: who the caller is, and what the installation allows.

use clap::{ArgAction, Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::{
    args::Body,
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Whoami {}

#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// What is set.
    #[default]
    Show,
    /// Change it.
    Edit(Edit),
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Whether the bootstrap admin token is accepted; off needs another owner.
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    bootstrap_token: Option<bool>,
    /// Audit rows older than this many days go; "none" keeps them for ever.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    audit_retention: Option<Value>,
}

fn days(text: &str) -> Result<Value, String> {
    match text {
        "none" => Ok(Value::Null),
        text => {
            text.parse::<i32>().map(Value::from).map_err(|_| "expected a number of days, or none".to_owned())
        }
    }
}

const REALMS: &[Column] =
    &[("REALM", |r| text_at(r, "/realmId")), ("PERMISSIONS", |r| text_at(r, "/permissions"))];

pub async fn whoami(_: Whoami, s: &Session) -> Result<(), Failure> {
    let me = s.get(path(["me"])).await?;
    if s.is_json() {
        output::json(&me);
        return Ok(());
    }
    output::facts(&[
        ("you are", text_at(&me, "/actor")),
        ("known by", text_at(&me, "/auth")),
        ("everywhere", text_at(&me, "/permissions")),
    ]);
    output::section(&me, "/realms", REALMS);
    Ok(())
}

/// `reeve sessions`
#[derive(Debug, Default, Subcommand)]
pub enum Sessions {
    /// Your sessions.
    #[default]
    List,
    /// End one of them, or all others.
    End {
        /// Its id.
        #[arg(required_unless_present = "others")]
        id: Option<String>,
        /// All but this one.
        #[arg(long, conflicts_with = "id")]
        others: bool,
    },
}

pub const SESSIONS: &[Column] = &[
    ("ID", |s| text_at(s, "/id")),
    ("FROM", |s| text_at(s, "/address")),
    ("WITH", |s| text_at(s, "/userAgent")),
    ("OPENED", |s| text_at(s, "/createdAt")),
    ("LAST SEEN", |s| text_at(s, "/lastSeenAt")),
    ("THIS ONE", |s| text_at(s, "/current")),
];

pub async fn sessions(command: Sessions, s: &Session) -> Result<(), Failure> {
    match command {
        Sessions::List => {
            let items = s.list(path(["me", "sessions"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, SESSIONS, "No sessions.");
            Ok(())
        }
        Sessions::End { id: Some(id), .. } => {
            let reply = s.write(Method::DELETE, path(["me", "sessions", &id]), None).await?;
            s.done(&reply, &format!("Ended {id}")).await
        }
        Sessions::End { id: None, .. } => {
            let reply = s.write(Method::DELETE, path(["me", "sessions"]), None).await?;
            s.done(&reply, &format!("Ended {} other sessions", text_at(&reply.body, "/ended"))).await
        }
    }
}

pub async fn settings(command: Command, s: &Session) -> Result<(), Failure> {
    let settings = match command {
        Command::Show => s.get(path(["settings"])).await?,
        Command::Edit(edit) => {
            let body = Body::default()
                .maybe("bootstrapTokenEnabled", edit.bootstrap_token)
                .maybe("auditRetentionDays", edit.audit_retention);
            s.write(Method::PATCH, path(["settings"]), Some(body.some()?)).await?.body
        }
    };
    if s.is_json() {
        output::json(&settings);
        return Ok(());
    }
    output::facts(&[
        (
            "bootstrap token",
            if settings["bootstrapTokenEnabled"] == true { "accepted" } else { "refused" }.to_owned(),
        ),
        (
            "audit rows",
            match settings["auditRetentionDays"].as_i64() {
                Some(days) => format!("go after {days} days"),
                None => "stay".to_owned(),
            },
        ),
    ]);
    Ok(())
}
