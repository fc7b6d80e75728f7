//! `reeve audit`: who changed what, all of it in a file, and whether the record is whole.

mod export;
mod verify;

use clap::{Args, Subcommand};

use self::{export::Export, verify::Verify};
use super::{
    args::past,
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audit {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    filters: Filters,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every row that matches, as CSV or as JSON lines, newest first.
    Export(Export),
    /// Whether a row was changed, removed or moved since it was written: recomputes the hash chain here.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Filters {
    /// Only what this one did.
    #[arg(long)]
    actor: Option<String>,
    /// Only this, such as grant or model.create.
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this, such as model/<id>.
    #[arg(long)]
    subject: Option<String>,
    /// Not before: a time, a date, or so long ago (24h, 7d).
    #[arg(long, value_name = "WHEN", value_parser = past)]
    since: Option<String>,
    /// Before: the same.
    #[arg(long, value_name = "WHEN", value_parser = past)]
    until: Option<String>,
}

impl Filters {
    fn query(self) -> Vec<(&'static str, String)> {
        let filters = [
            ("actor", self.actor),
            ("action", self.action),
            ("subject", self.subject),
            ("since", self.since),
            ("until", self.until),
        ];
        filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

const COLUMNS: &[Column] = &[
    ("SEQ", |a| text_at(a, "/seq")),
    ("AT", |a| text_at(a, "/at")),
    ("BY", |a| text_at(a, "/actor")),
    ("ACTION", |a| text_at(a, "/action")),
    ("SUBJECT", |a| text_at(a, "/subject")),
    ("REVISION", |a| text_at(a, "/revision")),
    ("REQUEST", |a| text_at(a, "/requestId")),
];

pub async fn run(audit: Audit, s: &Session) -> Result<(), Failure> {
    match audit.command {
        Some(Command::Export(export)) => export::run(export, s).await,
        Some(Command::Verify(verify)) => verify::run(verify, s).await,
        None => {
            let items = s.list(path(["audit"]), audit.filters.query(), audit.limit).await?;
            output::list(s.format, &items, COLUMNS, "Nothing has changed yet.");
            Ok(())
        }
    }
}
