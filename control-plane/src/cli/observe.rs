//! `reeve observe`: whether Reeve only looks, since its database was put back to an earlier state.

use clap::Subcommand;
use reqwest::Method;

use super::{
    failure::Failure,
    output::{self, Column, text_at},
    session::{Session, path},
};

#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// Whether it is so, and what is different on the proxies.
    #[default]
    Show,
    /// Make the registry the truth again. Rights revoked after its backup was made come back: revoke them again first.
    End,
}

const COLUMNS: &[Column] = &[
    ("PROXY", |d| text_at(d, "/proxyName")),
    ("DIFFERENCE", |d| text_at(d, "/class")),
    ("COUNT", |d| text_at(d, "/count")),
];

pub async fn run(command: Command, s: &Session) -> Result<(), Failure> {
    match command {
        Command::Show => {
            let mode = s.get(path(["observe-mode"])).await?;
            if s.is_json() {
                output::json(&mode);
                return Ok(());
            }
            if mode["active"] == true {
                output::line(
                    "The registry is older than what the proxies show, as after a restored backup. Nothing is changed on \
                     them. Look at `reeve proxies drift`, revoke again what must not come back, then: reeve observe end",
                );
            } else {
                output::line("Not in observe mode.");
            }
            output::facts(&[
                ("since", text_at(&mode, "/since")),
                ("revision here", text_at(&mode, "/revision")),
                ("revision seen", text_at(&mode, "/seenRevision")),
            ]);
            output::section(&mode, "/differences", COLUMNS);
            Ok(())
        }
        Command::End => {
            let reply = s.write(Method::POST, path(["observe-mode", "end"]), None).await?;
            s.done(&reply, "The registry is the truth again").await
        }
    }
}
