//! `reeve audit`: who changed what.

use clap::Args;

use super::{
    args::past,
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Audit {
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
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
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
    let filters = [
        ("actor", audit.actor),
        ("action", audit.action),
        ("subject", audit.subject),
        ("since", audit.since),
        ("until", audit.until),
    ];
    let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let items = s.list(path(["audit"]), filters, audit.limit).await?;
    output::list(s.format, &items, COLUMNS, "Nothing has changed yet.");
    Ok(())
}
