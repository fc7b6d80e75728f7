//! `reeve overview`: how everything stands, what wants attention, and what is under way.

use clap::Args;
use serde_json::Value;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Overview {}

const ATTENTION: &[Column] = &[
    ("SEVERITY", |a| text_at(a, "/severity")),
    ("ABOUT", |a| text_at(a, "/name")),
    ("WHAT", |a| text_at(a, "/text")),
    ("SINCE", |a| text_at(a, "/since")),
    ("WHAT TO DO", |a| text_at(a, "/todo")),
];
const CHANGES: &[Column] = &[
    ("REVISION", |c| text_at(c, "/revision")),
    ("CHANGE", |c| text_at(c, "/kind")),
    ("BY", |c| text_at(c, "/actor")),
    ("STATE", |c| text_at(c, "/state")),
    ("PROXIES TO GO", |c| text_at(c, "/proxiesPending")),
    ("GIVEN UP", |c| text_at(c, "/proxiesFailed")),
    ("AGENTS TO GO", |c| text_at(c, "/agentsPending")),
];
const REVOCATIONS: &[Column] = &[
    ("REVOKING", |r| text_at(r, "/litellmModelName")),
    ("FROM", |r| text_at(r, "/realmSlug")),
    ("SINCE", |r| text_at(r, "/since")),
    ("WAITING FOR", |r| text_at(r, "/waitingFor")),
];

pub async fn run(_: Overview, s: &Session) -> Result<(), Failure> {
    let all = s.get(path(["overview"])).await?;
    if s.is_json() {
        output::json(&all);
        return Ok(());
    }
    output::facts(&[
        ("revision", text_at(&all, "/revision")),
        ("proxies", counts(&all["proxies"])),
        ("agents", counts(&all["agents"])),
        ("models", counts(&all["models"])),
        ("realms", counts(&all["realms"])),
        ("changes in flight", text_at(&all, "/changesInFlight/count")),
        ("revocations", text_at(&all, "/revocations/count")),
        ("last hour", hour(&all["pulse"])),
    ]);
    output::section(&all, "/attention", ATTENTION);
    output::section(&all, "/changesInFlight/items", CHANGES);
    output::section(&all, "/revocations/items", REVOCATIONS);
    Ok(())
}

/// `12 total, 11 ready`: what is none is left out.
fn counts(part: &Value) -> String {
    let counts = part.as_object().into_iter().flatten();
    let some = counts.filter_map(|(name, count)| Some((name, count.as_i64().filter(|count| *count > 0)?)));
    some.map(|(name, count)| format!("{count} {}", words(name))).collect::<Vec<_>>().join(", ")
}

/// `awaitingApproval` as `awaiting approval`.
fn words(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn hour(pulse: &Value) -> String {
    let Some(minutes) = pulse.as_array() else { return String::new() };
    let sum = |field: &str| minutes.iter().filter_map(|m| m[field].as_i64()).sum::<i64>();
    format!("{} pushes, {} calls to proxies, {} failed", sum("pushes"), sum("calls"), sum("failedCalls"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_is_left_out() {
        let part = serde_json::json!({ "total": 2, "awaitingApproval": 1, "frozen": 0 });
        // In the order of the answer.
        let mut said: Vec<String> = counts(&part).split(", ").map(str::to_owned).collect();
        said.sort_unstable();
        assert_eq!(said, ["1 awaiting approval", "2 total"]);
        assert_eq!((counts(&Value::Null), hour(&Value::Null)), (String::new(), String::new()));
    }
}
