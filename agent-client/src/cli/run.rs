//! `reeve-agent run`: holds the session and prints what changes.

use reeve_agent::{AgentConfigState, AgentStatus, Connection, ReeveAgent};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Failure, OTHER, REVOKED};
use super::{Output, Place, print};

pub async fn run(place: &Place, output: Output) -> Result<u8, Failure> {
    let (options, identity, dir) = place.agent()?;
    let stop = |kind| {
        signal(kind).map_err(|error| Failure::new(OTHER, format!("signals cannot be received: {error}")))
    };
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    let agent = ReeveAgent::connect(options).await?;
    if output == Output::Text {
        anstream::println!(
            "{}  {}",
            print::strong(identity.did().as_str()),
            print::faint(&dir.path().display().to_string())
        );
    }
    let (mut configs, mut statuses) = (agent.configs(), agent.statuses());
    configs.mark_changed();
    statuses.mark_changed();
    let mut shown = String::new();
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            changed = statuses.changed() => {
                let status = statuses.borrow_and_update().clone();
                if changed.is_err() {
                    break;
                }
                show_status(output, &status, &mut shown);
            }
            changed = configs.changed() => {
                let state = configs.borrow_and_update().clone();
                if changed.is_err() {
                    break;
                }
                show_config(output, &state);
            }
        }
    }
    // What came last may not have been printed: an agent that is refused stops by itself.
    let (status, revoked) = (agent.status(), **configs.borrow() == AgentConfigState::Revoked);
    agent.shutdown().await;
    if revoked {
        show_config(output, &AgentConfigState::Revoked);
        return Err(Failure::new(
            REVOKED,
            status.last_error.unwrap_or_else(|| "the agent was revoked".to_owned()),
        ));
    }
    Ok(0)
}

/// `shown`: what a person has read last; it is not said again.
fn show_status(output: Output, status: &AgentStatus, shown: &mut String) {
    match output {
        Output::Json => print::json(&json!({ "event": "status", "status": status })),
        // Every attempt begins with it; what comes of it is what a person wants to read.
        Output::Text if status.connection == Connection::Connecting => {}
        Output::Text => {
            let rejected = status.rejected.as_ref().map_or_else(String::new, |rejected| {
                let (version, message, code) = (rejected.version, &rejected.message, &rejected.code);
                format!("\n{} version {version}: {message} ({code})", print::bad("rejected"))
            });
            let text = print::connection_line(status) + &rejected;
            if text != *shown {
                anstream::println!("{text}");
                *shown = text;
            }
        }
    }
}

fn show_config(output: Output, state: &AgentConfigState) {
    match output {
        Output::Json => print::json(&json!({ "event": "config", "config": print::config_json(state) })),
        Output::Text => anstream::println!("{}", print::config_line(state)),
    }
}
