//! What several commands share on the command line: the connection, the output, times, things that can be cleared.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use url::Url;

use super::{failure::Failure, login, output::Format, secrets, session::Session};
use crate::base::{clock::Clock, secret::Secret};

/// A command with subcommands.
#[derive(Debug, Args)]
pub struct Scoped<C: Subcommand + std::fmt::Debug> {
    #[command(subcommand)]
    pub command: C,
    #[command(flatten)]
    pub global: Global,
}

/// A command with subcommands that lists when none is named.
#[derive(Debug, Args)]
pub struct Listing<C: Subcommand + std::fmt::Debug> {
    #[command(subcommand)]
    pub command: Option<C>,
    #[command(flatten)]
    pub global: Global,
}

/// A command without subcommands.
#[derive(Debug, Args)]
pub struct Leaf<A: Args + std::fmt::Debug> {
    #[command(flatten)]
    pub args: A,
    #[command(flatten)]
    pub global: Global,
}

/// Where the control plane is, who asks, and how to answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection and output")]
pub struct Global {
    /// The control plane.
    #[arg(
        long,
        global = true,
        env = "REEVE_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    url: Url,
    /// Token. Default: the session of `reeve login`. Better in REEVE_TOKEN or a file: everybody on this machine can read a command line.
    #[arg(long, global = true, env = "REEVE_TOKEN", hide_env_values = true, value_parser = secrets::parse)]
    token: Option<Secret>,
    /// A file that holds the token; goes before the other two.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// `table` for people, `json` for programs. Default: a table on a terminal, JSON elsewhere.
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// After a change: wait until it is in effect everywhere, at most this long; what is taken away is proven for longer than a proxy's cache
    /// lag (60 s). Exit code 6 when it is not.
    #[arg(
        long,
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "120",
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    wait: Option<u64>,
}

impl Global {
    pub fn session(self) -> Result<Session, Failure> {
        let token = if let Some(path) = &self.token_file {
            Some(secrets::from_file("--token-file", path)?)
        } else {
            let given = self.token.filter(|token| !token.expose().is_empty());
            given.or_else(|| login::kept(&self.url))
        };
        Session::new(self.url, token, self.output, self.wait)
    }
}

/// The fields of a request that were given; what was not given is not sent.
#[derive(Debug, Default)]
pub struct Body(Map<String, Value>);

impl Body {
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// For edits: something must have been given.
    pub fn some(self) -> Result<Value, Failure> {
        if self.0.is_empty() {
            return Err(Failure::Usage(
                "nothing to change: name what is to be changed (see --help)".to_owned(),
            ));
        }
        Ok(Value::Object(self.0))
    }
}

impl From<Body> for Value {
    fn from(body: Body) -> Self {
        Self::Object(body.0)
    }
}

/// A moment to come: RFC 3339, a date, or from now on (`30m`, `24h`, `7d`). Becomes RFC 3339.
pub fn moment(text: &str) -> Result<String, String> {
    point(text, 1)
}

/// A moment gone by, written the same way; `24h` is 24 hours ago.
pub fn past(text: &str) -> Result<String, String> {
    point(text, -1)
}

fn point(text: &str, direction: i32) -> Result<String, String> {
    let at = from_now(text, direction)
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()))
        .or_else(|| Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc()));
    at.map(|at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true)).ok_or_else(|| {
        "expected a time such as 2027-01-31T12:00:00Z, a date, or a distance from now: 30m, 24h, 7d"
            .to_owned()
    })
}

fn from_now(text: &str, direction: i32) -> Option<DateTime<Utc>> {
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count > 0)?;
    let span = match unit {
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        _ => None,
    }?;
    Clock::System.now().checked_add_signed(span * direction)
}

/// A number, or `none` to clear it.
pub fn number_or_none(text: &str) -> Result<Value, String> {
    if text == "none" {
        return Ok(Value::Null);
    }
    let number = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
    number.map_err(|_| "expected a number, or `none` to clear it".to_owned())
}

/// A moment to come, or `none` to clear it.
pub fn moment_or_none(text: &str) -> Result<Value, String> {
    if text == "none" {
        return Ok(Value::Null);
    }
    moment(text).map(Value::from)
}

/// A text, or `none` to clear it.
#[expect(clippy::unnecessary_wraps, reason = "clap's value parsers return a Result")]
pub fn text_or_none(text: &str) -> Result<Value, String> {
    Ok(if text == "none" { Value::Null } else { Value::from(text) })
}

/// `name=value`; the value is JSON where it reads as JSON, else text.
pub fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=value")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

/// The object that several `name=value` make; `None` for none.
pub fn parameters(given: Vec<(String, Value)>) -> Option<Value> {
    (!given.is_empty()).then(|| Value::Object(given.into_iter().collect()))
}
