//! `reeve apply -f FILE`: brings models, realms and grants in line with a file. Reads what is there, plans (`plan`, pure),
//! prints the plan, does it stage by stage, reading again before each, since a later stage needs what an earlier one made.
//!
//! Applying the same file twice changes nothing the second time. Nothing is ever removed but, with `--prune`, grants of
//! the realms that the file names.

mod file;
mod observe;
mod plan;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use self::{
    file::File,
    plan::{Stage, Step, plan},
};
use super::{failure::Failure, output, session::Session};

#[derive(Debug, Args)]
pub struct Apply {
    /// YAML or JSON; `-` is standard input. Its form is in docs/CLI.md.
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Print the plan and stop.
    #[arg(long)]
    dry_run: bool,
    /// Also revoke what the realms of the file have and the file does not grant.
    #[arg(long)]
    prune: bool,
}

pub async fn run(apply: Apply, s: &Session) -> Result<(), Failure> {
    let file = File::load(&apply.file)?;
    let whole = plan(&file, &observe::observe(s, &file, apply.prune).await?, apply.prune)?;
    if !s.is_json() {
        print_plan(&whole);
    }
    let mut done = Vec::new();
    if !apply.dry_run {
        for stage in Stage::ALL {
            if whole.iter().any(|step| step.stage == stage) {
                let now = plan(&file, &observe::observe(s, &file, apply.prune).await?, apply.prune)?;
                execute(s, now.into_iter().filter(|step| step.stage == stage), &mut done).await?;
            }
        }
    }
    if s.is_json() {
        let steps: Vec<Value> = whole.iter().map(Step::to_json).collect();
        output::json(&json!({ "dryRun": apply.dry_run, "steps": steps, "revisions": done }));
    } else if !apply.dry_run && !whole.is_empty() {
        output::line("Done.");
    }
    s.settle(done).await
}

fn print_plan(steps: &[Step]) {
    if steps.is_empty() {
        output::line("Nothing to do: everything is as the file says.");
    }
    for step in steps {
        output::line(&step.to_string());
    }
}

async fn execute(
    s: &Session,
    steps: impl Iterator<Item = Step>,
    revisions: &mut Vec<i64>,
) -> Result<(), Failure> {
    for step in steps {
        let what = step.to_string();
        let (method, path, body) = step.request();
        let reply = s.write(method, path, body).await.map_err(|failure| match failure {
            Failure::Refused(mut problem) => {
                problem.detail = format!("{}: {}", what.trim(), problem.detail);
                Failure::Refused(problem)
            }
            other => other,
        })?;
        revisions.extend(reply.revision);
    }
    Ok(())
}
