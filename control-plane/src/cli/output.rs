//! Everything that the admin client prints: tables on a terminal, JSON for programs, colours where they are wanted
//! (`NO_COLOR` is respected), errors on standard error. The only place of `cli` that prints.

use std::io::Write as _;

use clap::ValueEnum;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::failure::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
}

/// A table's column: its head, and how to find its cell in an item.
pub type Column = (&'static str, fn(&Value) -> String);

/// Writes to standard output. A reader that went away (`| head`) is no error.
fn print(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

fn complain(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// What ended the command.
pub fn failure(failure: &Failure) {
    let text = failure.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    complain(&format!("{} {first}", "error:".red().bold()));
    if !rest.is_empty() {
        complain(&rest.dimmed().to_string());
    }
}

pub fn warning(text: &str) {
    complain(&format!("{} {text}", "warning:".yellow().bold()));
}

pub fn json(value: &Value) {
    print(&format!("{value:#}"));
}

pub fn line(text: &str) {
    print(text);
}

/// For output without an end: `false` when its reader went away.
pub fn line_is_read(text: &str) -> bool {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// How far long work has come, on standard error where that is a terminal. Dropped, it leaves no trace.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        let style = ProgressStyle::with_template("{spinner} {human_pos} {msg} in {elapsed}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())))
    }

    pub fn add(&self, n: usize) {
        self.0.inc(n as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A list: for programs as the API gives it, for people as a table.
pub fn list(format: Format, items: &[Value], columns: &[Column], none: &str) {
    match format {
        Format::Json => json(&json!({ "items": items, "nextCursor": null })),
        Format::Table if items.is_empty() => print(none),
        Format::Table => table(items, columns),
    }
}

/// A table alone, for people.
pub fn table(items: &[Value], columns: &[Column]) {
    let mut grid = blank();
    grid.set_header(columns.iter().map(|(head, _)| Cell::new(head).add_attribute(Attribute::Bold)));
    for item in items {
        grid.add_row(columns.iter().map(|(_, cell)| painted(cell(item))));
    }
    print_table(&grid);
}

/// The list at `pointer` as a table of its own, if there is anything in it.
pub fn section(value: &Value, pointer: &str, columns: &[Column]) {
    if let Some(items) = value.pointer(pointer).and_then(Value::as_array).filter(|items| !items.is_empty()) {
        print("");
        table(items, columns);
    }
}

/// One thing, one line per fact; facts without a value are left out.
pub fn facts(facts: &[(&str, String)]) {
    let mut grid = blank();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty() && value != NONE) {
        grid.add_row([Cell::new(name).add_attribute(Attribute::Dim), painted(value.clone())]);
    }
    print_table(&grid);
}

/// One line about a change, and one per proxy that is in the way.
pub fn changed(text: &str, revision: Option<i64>, body: &Value) {
    // Without a revision, nothing that a proxy or an agent has to know of was changed.
    let revision = revision.map(|revision| format!(" (revision {revision})").dimmed().to_string());
    let state =
        body.pointer("/sync/state").and_then(Value::as_str).map(|state| format!(", {}", paint(state)));
    print(&format!("{text}{}{}", revision.unwrap_or_default(), state.unwrap_or_default()));
    for proxy in body.pointer("/sync/proxies").and_then(Value::as_array).into_iter().flatten() {
        if let Some(message) = proxy["errorMessage"].as_str() {
            print(&format!(
                "  proxy {}: {}: {message}",
                text_at(proxy, "/proxyName"),
                text_at(proxy, "/state")
            ));
        }
    }
}

fn blank() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).enforce_styling();
    table
}

fn print_table(table: &Table) {
    for line in table.lines() {
        print(line.trim_end());
    }
}

/// What a missing value looks like.
const NONE: &str = "-";

/// The value at a JSON pointer, as a person reads it.
pub fn text_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map_or_else(|| NONE.to_owned(), text)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => NONE.to_owned(),
        Value::String(text) => moment(text).unwrap_or_else(|| text.clone()),
        Value::Array(items) if items.is_empty() => NONE.to_owned(),
        Value::Array(items) => items.iter().map(self::text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => NONE.to_owned(),
        other => other.to_string(),
    }
}

/// A time to the second: `2026-11-20 18:04:05Z`. `None` for what is no time.
fn moment(text: &str) -> Option<String> {
    let looks = text.len() >= 20 && text.as_bytes()[4] == b'-' && text.as_bytes()[10] == b'T';
    let at = looks.then(|| chrono::DateTime::parse_from_rfc3339(text).ok()).flatten()?;
    Some(at.to_utc().format("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// How a word of state feels.
enum Mood {
    Good,
    Waiting,
    Bad,
}

fn mood(word: &str) -> Option<Mood> {
    Some(match word {
        "active" | "applied" | "approved" | "converged" | "done" | "ready" | "current" => Mood::Good,
        "pending" | "revoking" | "unknown" | "retiring" | "closing" | "unavailable" | "skipped"
        | "offline" => Mood::Waiting,
        "failed" | "parked" | "rejected" | "unreachable" | "unsupported" | "inactive" | "revoked" => {
            Mood::Bad
        }
        _ => return None,
    })
}

fn painted(text: String) -> Cell {
    let mood = mood(text.split_whitespace().next().unwrap_or_default());
    let cell = Cell::new(text);
    match mood {
        Some(Mood::Good) => cell.fg(Color::Green),
        Some(Mood::Waiting) => cell.fg(Color::Yellow),
        Some(Mood::Bad) => cell.fg(Color::Red),
        None => cell,
    }
}

fn paint(word: &str) -> String {
    match mood(word) {
        Some(Mood::Good) => word.green().to_string(),
        Some(Mood::Waiting) => word.yellow().to_string(),
        Some(Mood::Bad) => word.red().to_string(),
        None => word.to_owned(),
    }
}
