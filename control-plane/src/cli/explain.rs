//! `reeve explain`: whether an agent can call a model, and why.

use clap::Args;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Explain {
    /// did:key:z6Mk...
    did: String,
    /// Name or id of the model.
    model: String,
}

const COLUMNS: &[Column] = &[
    ("", |f| if f["holds"] == true { "yes" } else { "no" }.to_owned()),
    ("FACT", |f| text_at(f, "/text")),
    ("SINCE", |f| text_at(f, "/since")),
    ("WHAT TO DO", |f| text_at(f, "/todo")),
];

pub async fn run(explain: Explain, s: &Session) -> Result<(), Failure> {
    let query = vec![("agent", explain.did), ("model", explain.model)];
    let answer = s.get_with(path(["explain"]), query).await?;
    if s.is_json() {
        output::json(&answer);
        return Ok(());
    }
    let (agent, model) = (text_at(&answer, "/agentName"), text_at(&answer, "/litellmModelName"));
    let said = match answer.get("way").filter(|way| !way.is_null()) {
        Some(way) => format!(
            "Yes: {agent} can call {model} through realm {} with key generation {} on {}.",
            text_at(way, "/realmSlug"),
            text_at(way, "/keyGeneration"),
            text_at(way, "/proxies"),
        ),
        None => format!("No: {agent} cannot call {model}."),
    };
    output::line(&said);
    output::section(&answer, "/facts", COLUMNS);
    Ok(())
}
