//! `reeve credential`: provider keys that several backends share. They go in and never come out.

use clap::{Args, Subcommand};
use reqwest::Method;

use super::{
    args::Body,
    failure::Failure,
    output::{self, Column, text_at},
    secrets::ApiKey,
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store a provider's key.
    Add(Add),
    /// All credentials, by their fingerprints.
    List,
    /// Replace the key; every backend that uses it gets the new one.
    Rotate(Rotate),
    /// Remove a credential that no backend uses.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct Add {
    name: String,
    #[arg(long)]
    provider: String,
    #[command(flatten)]
    api_key: ApiKey,
}

#[derive(Debug, Args)]
pub struct Rotate {
    /// Name or id.
    credential: String,
    #[command(flatten)]
    api_key: ApiKey,
    /// A model that calls with it: every proxy tries the new key out on it first, with one real call, and nothing is changed where
    /// one fails.
    #[arg(long, value_name = "MODEL")]
    canary: Option<String>,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Name or id.
    credential: String,
}

const COLUMNS: &[Column] = &[
    ("NAME", |c| text_at(c, "/name")),
    ("PROVIDER", |c| text_at(c, "/provider")),
    ("KEY", |c| text_at(c, "/fingerprint")),
    ("GENERATION", |c| text_at(c, "/generation")),
    ("CHANGED", |c| text_at(c, "/updatedAt")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Add(Add { name, provider, api_key }) => {
            let body = Body::default()
                .set("name", name.as_str())
                .set("provider", provider)
                .set("apiKey", api_key.required()?.expose());
            let reply = s.write(Method::POST, path(["credentials"]), Some(body.into())).await?;
            s.done(&reply, &format!("Stored {name} {}", text_at(&reply.body, "/fingerprint"))).await
        }
        Command::List => {
            let items = s.list(path(["credentials"]), Vec::new(), 1000).await?;
            output::list(
                s.format,
                &items,
                COLUMNS,
                "No credentials: a model can also carry a key of its own.",
            );
            Ok(())
        }
        Command::Rotate(Rotate { credential, api_key, canary }) => {
            let body =
                Body::default().set("apiKey", api_key.required()?.expose()).maybe("canaryModel", canary);
            let reply = s.write(Method::PATCH, path(["credentials", &credential]), Some(body.into())).await?;
            s.done(&reply, &format!("Replaced the key of {credential}")).await
        }
        Command::Rm(Named { credential }) => {
            let reply = s.write(Method::DELETE, path(["credentials", &credential]), None).await?;
            s.done(&reply, &format!("Removed {credential}")).await
        }
    }
}
