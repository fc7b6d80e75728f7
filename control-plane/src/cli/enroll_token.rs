//! `reeve enroll-token`: tokens that let agents join without waiting for approval. Shown once.

use clap::{Args, Subcommand};
use reqwest::Method;

use super::{
    args::{Body, moment},
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token. It is shown this once.
    Create(Create),
    /// All tokens, by their fingerprints.
    List,
    /// End a token. Agents that used it stay.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct Create {
    /// A realm that the agent joins, the first as its primary one; repeatable. Default: the default realm.
    #[arg(long = "realm")]
    realms: Vec<String>,
    /// For how many agents. Default: 1.
    #[arg(long)]
    max_uses: Option<i64>,
    /// Until when: a time, a date, or from now on (30m, 24h). Default: 24h.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    expires: Option<String>,
    /// Print the token and nothing else.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub struct Named {
    id: String,
}

const COLUMNS: &[Column] = &[
    ("ID", |t| text_at(t, "/id")),
    ("TOKEN", |t| text_at(t, "/fingerprint")),
    ("REALMS", |t| text_at(t, "/realmIds")),
    ("USES", |t| format!("{} of {}", text_at(t, "/uses"), text_at(t, "/maxUses"))),
    ("EXPIRES", |t| text_at(t, "/expiresAt")),
    ("ENDED", |t| text_at(t, "/revokedAt")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let realms = (!create.realms.is_empty()).then_some(create.realms);
            let body = Body::default()
                .maybe("realmIds", realms)
                .maybe("maxUses", create.max_uses)
                .maybe("expiresAt", create.expires);
            let reply = s.write(Method::POST, path(["enrollment-tokens"]), Some(body.into())).await?;
            let token = text_at(&reply.body, "/token");
            if create.quiet {
                output::line(&token);
                return Ok(());
            }
            let until = text_at(&reply.body, "/expiresAt");
            s.done(&reply, &format!("{token}\nIt is shown this once and good until {until}")).await
        }
        Command::List => {
            let items = s.list(path(["enrollment-tokens"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, COLUMNS, "No enrolment tokens.");
            Ok(())
        }
        Command::Rm(Named { id }) => {
            let reply = s.write(Method::DELETE, path(["enrollment-tokens", &id]), None).await?;
            s.done(&reply, &format!("Ended {id}")).await
        }
    }
}
