//! `reeve changes`: the change log, and the receipt of one revision.

use clap::Args;
use serde_json::Value;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, not_converged, path},
};

#[derive(Debug, Args)]
pub struct Changes {
    /// Show this revision's receipt. Exit code 6 when it is not in effect everywhere.
    revision: Option<i64>,
    /// Without a revision: at most this many, the newest.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Without a revision: only this kind, such as `grant`.
    #[arg(long)]
    kind: Option<String>,
    /// Without a revision: all but this kind. `proxy.applied` are the steps on proxies that follow a change.
    #[arg(long, value_name = "KIND")]
    not_kind: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("REVISION", |c| text_at(c, "/revision")),
    ("AT", |c| text_at(c, "/at")),
    ("KIND", |c| text_at(c, "/kind")),
    ("BY", |c| text_at(c, "/actor")),
    ("SUMMARY", |c| text_at(c, "/summary")),
];

const AGENTS: &[Column] = &[
    ("AGENT", |a| text_at(a, "/name")),
    ("STATE", |a| text_at(a, "/state")),
    ("VERSION", |a| text_at(a, "/version")),
    ("AT", |a| text_at(a, "/at")),
    ("DID", |a| text_at(a, "/did")),
];

const EVIDENCE: &[Column] = &[
    ("ASKED WITH THE OLD KEY", |e| text_at(e, "/proxy")),
    ("AT", |e| text_at(e, "/at")),
    ("GENERATION", |e| text_at(e, "/keyGeneration")),
    ("ANSWER", |e| format!("{} ({})", text_at(e, "/answer"), text_at(e, "/status"))),
];

const OBJECTS: &[Column] = &[
    ("PROXY", |o| text_at(o, "/proxy")),
    ("OBJECT", |o| format!("{} {}", text_at(o, "/kind"), text_at(o, "/id"))),
    ("STATE", |o| text_at(o, "/state")),
    ("AT", |o| text_at(o, "/at")),
    ("ERROR", |o| text_at(o, "/error")),
];

pub async fn run(changes: Changes, s: &Session) -> Result<(), Failure> {
    let Some(revision) = changes.revision else {
        let filters = [("kind", changes.kind), ("notKind", changes.not_kind)];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        return newest(s, filters, changes.limit).await;
    };
    let waited = s.settle(vec![revision]).await;
    if let Err(failure @ (Failure::Refused(_) | Failure::Unreachable(_))) = waited {
        return Err(failure);
    }
    let receipt = s.get(path(["changes", &revision.to_string()])).await?;
    show(s, &receipt);
    match receipt["state"].as_str() {
        Some("converged") => Ok(()),
        _ => Err(Failure::NotConverged(not_converged(revision, &receipt))),
    }
}

pub async fn newest(s: &Session, filters: Vec<(&'static str, String)>, limit: usize) -> Result<(), Failure> {
    let items = s.list(path(["changes"]), filters, limit).await?;
    output::list(s.format, &items, COLUMNS, "Nothing has changed yet.");
    Ok(())
}

fn show(s: &Session, receipt: &Value) {
    if s.is_json() {
        return output::json(receipt);
    }
    let count = |name: &str| text_at(receipt, &format!("/agents/{name}"));
    output::facts(&[
        ("revision", text_at(receipt, "/revision")),
        ("state", text_at(receipt, "/state")),
        ("kind", text_at(receipt, "/kind")),
        ("at", text_at(receipt, "/at")),
        ("by", text_at(receipt, "/actor")),
        ("summary", text_at(receipt, "/summary")),
        (
            "agents",
            format!(
                "{} concerned, {} connected: {} applied, {} pending, {} rejected",
                count("concerned"),
                count("connected"),
                count("applied"),
                count("pending"),
                count("rejected")
            ),
        ),
    ]);
    let objects = objects(receipt);
    for (rows, columns) in [(&objects, OBJECTS), (&evidence(&objects), EVIDENCE)] {
        if !rows.is_empty() {
            output::line("");
            output::table(rows, columns);
        }
    }
    output::section(receipt, "/agents/items", AGENTS);
}

/// Every proxy's objects in one list, each with its proxy's name.
fn objects(receipt: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for proxy in receipt["proxies"].as_array().into_iter().flatten() {
        let name = if proxy["proxyName"].is_string() { &proxy["proxyName"] } else { &proxy["proxyId"] };
        for object in proxy["objects"].as_array().into_iter().flatten() {
            let mut object = object.clone();
            if let Some(fields) = object.as_object_mut() {
                fields.insert("proxy".to_owned(), name.clone());
            }
            all.push(object);
        }
    }
    all
}

/// What proxies answered to rights that were taken away.
fn evidence(objects: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for object in objects {
        for answer in object["evidence"].as_array().into_iter().flatten() {
            let mut answer = answer.clone();
            answer["proxy"] = object["proxy"].clone();
            all.push(answer);
        }
    }
    all
}
