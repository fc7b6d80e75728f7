//! `reeve audit export`.

use std::{
    fs::File,
    io::{self, BufWriter, ErrorKind, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use super::Filters;
use crate::cli::{
    failure::Failure,
    output::Progress,
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Export {
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// A new file. Default: standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    /// One JSON object a line; `reeve audit verify --file` reads it.
    Ndjson,
}

pub async fn run(export: Export, s: &Session) -> Result<(), Failure> {
    let Export { format, to, filters } = export;
    let failed = |error: io::Error| Failure::Unexpected(format!("it cannot be written: {error}"));
    let mut out: Box<dyn Write> = match &to {
        None => Box::new(io::stdout().lock()),
        Some(file) => {
            let new = File::create_new(file)
                .map_err(|error| Failure::Usage(format!("--to {}: {error}", file.display())))?;
            Box::new(BufWriter::new(new))
        }
    };
    let mut query = filters.query();
    query.push(("format", if format == Format::Csv { "csv" } else { "ndjson" }.to_owned()));
    let progress = Progress::new("bytes");
    let mut gone = false;
    let done = s
        .stream(path(["audit"]), query, |piece| {
            progress.add(piece.len());
            out.write_all(piece).map_err(|error| {
                gone = error.kind() == ErrorKind::BrokenPipe;
                failed(error)
            })
        })
        .await
        .and_then(|()| out.flush().map_err(failed));
    drop(progress);
    if let (Err(_), Some(file)) = (&done, &to) {
        // Half an export looks like a whole one.
        let _ = std::fs::remove_file(file);
    }
    // A reader that went away (`| head`) is no error.
    if gone { Ok(()) } else { done }
}
