//! `reeve deployment`: the backends of one model.

use clap::{Args, Subcommand};
use reqwest::Method;

use super::{
    args::Body,
    failure::Failure,
    model::{BACKENDS, Backend, BackendEdit},
    output::{self, text_at},
    session::{Session, path},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a backend to a model.
    Add(Add),
    /// A model's backends.
    List(OfModel),
    /// Change a backend.
    Edit(Edit),
    /// Remove a backend; the last one of a model stays.
    Rm(One),
}

#[derive(Debug, Args)]
pub struct Add {
    model: String,
    #[command(flatten)]
    backend: Backend,
}

#[derive(Debug, Args)]
pub struct OfModel {
    model: String,
}

#[derive(Debug, Args)]
pub struct One {
    model: String,
    /// The backend's id.
    deployment: String,
}

#[derive(Debug, Args)]
pub struct Edit {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    backend: BackendEdit,
}

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Add(Add { model, backend }) => {
            let body = backend.into(Body::default())?.into();
            let reply = s.write(Method::POST, path(["models", &model, "deployments"]), Some(body)).await?;
            s.done(&reply, &format!("Added backend {} to {model}", text_at(&reply.body, "/id"))).await
        }
        Command::List(OfModel { model }) => {
            let items = s.list(path(["models", &model, "deployments"]), Vec::new(), 1000).await?;
            output::list(s.format, &items, BACKENDS, "No backends.");
            Ok(())
        }
        Command::Edit(Edit { one: One { model, deployment }, backend }) => {
            let body = backend.into(Body::default())?.some()?;
            let at = path(["models", &model, "deployments", &deployment]);
            let reply = s.write(Method::PATCH, at, Some(body)).await?;
            s.done(&reply, &format!("Changed backend {deployment} of {model}")).await
        }
        Command::Rm(One { model, deployment }) => {
            let at = path(["models", &model, "deployments", &deployment]);
            let reply = s.write(Method::DELETE, at, None).await?;
            s.done(&reply, &format!("Removed backend {deployment} of {model}")).await
        }
    }
}
