//! `reeve audit verify`: recomputes the hash chain from what it is given, newest row first, and trusts nobody's word for it.
//!
//! Whoever can write all of the database can write a new chain that is whole in itself. What they cannot do is make it end in a head
//! that was noted down elsewhere: `--head`.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::PathBuf,
};

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    base::hash::chained_sha256,
    cli::{
        failure::Failure,
        output::{self, Progress, text_at},
        session::{Session, path},
    },
};

/// Faults that are told one by one.
const TOLD: usize = 20;

#[derive(Debug, Args)]
pub struct Verify {
    /// A whole export in JSON lines. Default: what the control plane has now.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The head that an earlier run printed and that was kept elsewhere: the chain must still hold it.
    #[arg(long, value_name = "SEQ:HASH", value_parser = head)]
    head: Option<Head>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    seq: i64,
    hash: String,
}

fn head(text: &str) -> Result<Head, String> {
    let wrong = || "expected SEQ:HASH, as an earlier `reeve audit verify` printed it".to_owned();
    let (seq, hash) = text.split_once(':').ok_or_else(wrong)?;
    let seq = seq.parse().map_err(|_| wrong())?;
    let is_head = seq > 0 && hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    is_head.then(|| Head { seq, hash: hash.to_ascii_lowercase() }).ok_or_else(wrong)
}

pub async fn run(verify: Verify, s: &Session) -> Result<(), Failure> {
    let mut chain = Chain { kept: verify.head, ..Chain::default() };
    let progress = Progress::new("rows");
    if let Some(file) = &verify.file {
        let failed = |error: std::io::Error| Failure::Usage(format!("--file {}: {error}", file.display()));
        for line in BufReader::new(File::open(file).map_err(failed)?).split(b'\n') {
            chain.line(&line.map_err(failed)?);
            progress.add(1);
        }
    } else {
        let mut rest = Vec::new();
        s.stream(path(["audit"]), vec![("format", "ndjson".to_owned())], |piece| {
            rest.extend_from_slice(piece);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                chain.line(&rest[..end]);
                rest.drain(..=end);
                progress.add(1);
            }
            Ok(())
        })
        .await?;
        chain.line(&rest);
    }
    drop(progress);
    let (expired, (rows, newest, faults)) = (chain.expired.clone(), chain.end());
    if !faults.is_empty() {
        let told = faults.len().min(TOLD);
        let more =
            if told < faults.len() { format!("\nand {} more", faults.len() - told) } else { String::new() };
        let text = faults[..told].join("\n");
        return Err(Failure::Unexpected(format!("the audit record is not what was written:\n{text}{more}")));
    }
    let shown = newest.as_ref().map(|head| format!("{}:{}", head.seq, head.hash));
    if s.is_json() {
        output::json(&json!({ "rows": rows, "head": shown }));
        return Ok(());
    }
    output::line(&format!("The audit record is whole: {rows} rows."));
    if let Some(last) = expired {
        output::line(&format!(
            "Those up to row {} went when they were older than the settings allow.",
            last.seq
        ));
    }
    if let Some(head) = shown {
        output::line(&format!(
            "Head: {head}\nKept elsewhere, --head proves later that nothing before it was rewritten."
        ));
    }
    Ok(())
}

/// What was seen so far, newest first.
#[derive(Debug, Default)]
struct Chain {
    kept: Option<Head>,
    kept_seen: bool,
    newest: Option<Head>,
    /// Of the row before: its number, and what it says of the hash of the row to come.
    above: Option<(i64, String)>,
    rows: u64,
    /// Of the newest removal by age: the last row that went, and its hash.
    expired: Option<Head>,
    faults: Vec<String>,
}

impl Chain {
    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.rows += 1;
        match serde_json::from_slice(line).ok().and_then(|row: Value| Some((row["seq"].as_i64()?, row))) {
            Some((seq, row)) => self.row(seq, &row),
            None => self.faults.push(format!("line {} is no audit row", self.rows)),
        }
    }

    fn row(&mut self, seq: i64, row: &Value) {
        let (hash, previous) = (text_at(row, "/hash"), row["prevHash"].as_str().unwrap_or_default());
        let at = row["at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
        let mut content = json!({
            "seq": seq,
            "at": at.map(|at| at.timestamp_micros()),
            "actor": row["actor"],
            "action": row["action"],
            "subject": row["subject"],
            "before": row["before"],
            "after": row["after"],
            "requestId": row["requestId"],
            "revision": row["revision"],
        });
        // Rows of versions that did not write it are hashed without.
        if !row["auth"].is_null() {
            content["auth"] = row["auth"].clone();
            content["address"] = row["address"].clone();
        }
        if chained_sha256(previous, &content) != hash {
            self.faults.push(format!("row {seq} was changed: its content does not give its hash"));
        }
        match &self.above {
            None => self.newest = Some(Head { seq, hash: hash.clone() }),
            Some((above, _)) if seq >= *above => {
                self.faults.push(format!("row {seq} is out of place: it comes after row {above}"));
            }
            Some((above, _)) if seq < above - 1 => {
                self.faults.push(format!("{} missing", rows(seq + 1, above - 1)));
            }
            Some((above, expected)) if *expected != hash => {
                self.faults.push(format!("row {seq} was replaced: row {above} was chained to another"));
            }
            Some(_) => {}
        }
        if self.expired.is_none() && row["action"] == "audit.expire" {
            let (through, hash) = (row["after"]["throughSeq"].as_i64(), text_at(row, "/after/hash"));
            self.expired = through.map(|seq| Head { seq, hash });
        }
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.seq == seq) {
            self.kept_seen = true;
            if kept.hash != hash {
                self.faults
                    .push(format!("row {seq} is not the head that was kept: the record was rewritten"));
            }
        }
        self.above = Some((seq, previous.to_owned()));
    }

    /// How many rows there were, the newest, and all that is wrong.
    fn end(mut self) -> (u64, Option<Head>, Vec<String>) {
        match &self.above {
            // The settings let old rows go; the row that says so is part of the chain.
            Some((seq, previous))
                if self
                    .expired
                    .as_ref()
                    .is_some_and(|last| last.seq == seq - 1 && last.hash == *previous) => {}
            Some((seq, _)) if *seq > 1 => self.faults.push(format!("{} missing", rows(1, seq - 1))),
            Some((1, previous)) if !previous.is_empty() => {
                self.faults.push("row 1 is not the first that there was".to_owned());
            }
            _ => {}
        }
        if let Some(kept) = self.kept.filter(|_| !self.kept_seen) {
            let last = self.newest.as_ref().map_or(0, |head| head.seq);
            if kept.seq > last {
                self.faults.push(format!(
                    "{} missing: the head that was kept is row {}",
                    rows(last + 1, kept.seq),
                    kept.seq
                ));
            }
        }
        (self.rows, self.newest, self.faults)
    }
}

fn rows(first: i64, last: i64) -> String {
    if first == last { format!("row {first} is") } else { format!("rows {first} to {last} are") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows 1 to `n`, newest first, as they are exported.
    fn record(n: i64) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut previous = String::new();
        for seq in 1..=n {
            let at: DateTime<Utc> = DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(seq);
            let mut row = json!({
                "auth": "token:x", "address": "::1",
                "seq": seq, "at": at.timestamp_micros(), "actor": "admin", "action": "realm.update", "subject": "realm/x",
                "before": { "b": 1.5, "a": null }, "after": null, "requestId": null, "revision": seq,
            });
            let hash = chained_sha256(&previous, &row);
            row["at"] = json!(at);
            row["prevHash"] = json!(previous);
            row["hash"] = json!(hash);
            previous = hash;
            rows.push(row);
        }
        rows.reverse();
        rows
    }

    fn faults(rows: &[Value], kept: Option<Head>) -> Vec<String> {
        let mut chain = Chain { kept, ..Chain::default() };
        for row in rows {
            chain.line(row.to_string().as_bytes());
        }
        chain.end().2
    }

    fn head_of(row: &Value) -> Option<Head> {
        Some(Head { seq: row["seq"].as_i64()?, hash: text_at(row, "/hash") })
    }

    #[test]
    fn a_record_that_is_whole_has_no_fault() {
        let rows = record(5);
        assert_eq!(faults(&rows, head_of(&rows[2])), [""; 0]);
        assert_eq!(faults(&[], None), [""; 0]);
    }

    #[test]
    fn every_way_to_tamper_is_found() {
        let whole = record(5);
        let tampered = |change: &dyn Fn(&mut Vec<Value>), kept: Option<Head>| {
            let mut rows = whole.clone();
            change(&mut rows);
            faults(&rows, kept).join("; ")
        };
        let changed = tampered(&|r| r[2]["actor"] = json!("somebody else"), None);
        assert_eq!(changed, "row 3 was changed: its content does not give its hash");
        let removed = tampered(&|r| drop(r.remove(2)), None);
        assert_eq!(removed, "row 3 is missing");
        let moved = tampered(&|r| r.swap(1, 2), None);
        assert!(moved.contains("row 4 is out of place"), "{moved}");
        let oldest = tampered(&|r| r.truncate(3), None);
        assert_eq!(oldest, "rows 1 to 2 are missing");
        let newest = tampered(&|r| drop(r.drain(..2)), head_of(&whole[0]));
        assert_eq!(newest, "rows 4 to 5 are missing: the head that was kept is row 5");
        let all = tampered(&Vec::clear, head_of(&whole[0]));
        assert_eq!(all, "rows 1 to 5 are missing: the head that was kept is row 5");
        // One row written anew, hash and all: the row above does not fit it.
        let anew = tampered(
            &|r| {
                let mut content = r[2].clone();
                content["actor"] = json!("somebody else");
                let fields = content.as_object_mut().expect("a row");
                fields.remove("hash");
                let previous = fields.remove("prevHash").expect("a link");
                content["at"] = json!(3);
                r[2]["actor"] = json!("somebody else");
                r[2]["hash"] = json!(chained_sha256(previous.as_str().expect("text"), &content));
            },
            None,
        );
        assert_eq!(anew, "row 3 was replaced: row 4 was chained to another");
        // All of it written anew.
        let other = Head { seq: 4, hash: "0".repeat(64) };
        assert_eq!(
            tampered(&|_| (), Some(other)),
            "row 4 is not the head that was kept: the record was rewritten"
        );
        assert_eq!(faults(&[json!("nonsense")], None), ["line 1 is no audit row"]);
    }

    #[test]
    fn rows_that_the_settings_let_go_are_not_missing() {
        let whole = record(5);
        let last_gone = whole[3].clone();
        let mut content = json!({
            "seq": 6, "at": 6, "actor": "system:audit_retention", "auth": "system", "address": null,
            "action": "audit.expire", "subject": "audit", "before": null,
            "after": { "throughSeq": 2, "hash": last_gone["hash"], "rows": 2 }, "requestId": null, "revision": null,
        });
        let previous = text_at(&whole[0], "/hash");
        content["hash"] = json!(chained_sha256(&previous, &content));
        content["prevHash"] = json!(previous);
        let at: DateTime<Utc> = DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(6);
        content["at"] = json!(at);
        let rest = [vec![content], whole[..3].to_vec()].concat();
        assert_eq!(faults(&rest, None), [""; 0]);
        // One more than it says.
        assert_eq!(faults(&rest[..3], None), ["rows 1 to 3 are missing"]);
        assert_eq!(faults(&rest, head_of(&whole[1])), [""; 0]);
    }

    #[test]
    fn a_head_is_read_as_it_was_printed() {
        let text = format!("12:{}", "aB".repeat(32));
        assert_eq!(head(&text), Ok(Head { seq: 12, hash: "ab".repeat(32) }));
        let none = format!("0:{}", "ab".repeat(32));
        for wrong in ["", "12", "12:", "x:00", "12:zz", &none] {
            assert!(head(wrong).is_err(), "{wrong}");
        }
    }
}
