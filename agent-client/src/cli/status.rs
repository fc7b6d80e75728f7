//! `reeve-agent status`: who this agent is and how it does, from its directory alone. It opens no session.

use chrono::{DateTime, Utc};
use reeve_agent::SavedStatus;
use serde_json::json;

use super::exit::Failure;
use super::{Output, Place, print};

pub fn status(place: &Place, output: Output) -> Result<u8, Failure> {
    let dir = place.state_dir()?;
    let identity = dir.load_identity()?;
    let settings = dir.settings()?;
    let holder = dir.session_holder()?;
    let saved = dir.saved_status()?;
    let config = dir.last_config(&identity)?;
    let url = place.url(settings.as_ref()).ok().map(|url| url.to_string());
    if output == Output::Json {
        print::json(&json!({
            "did": identity.did(),
            "name": settings.map(|settings| settings.name),
            "url": url,
            "directory": dir.path(),
            "running": holder.is_some(),
            "holder": holder,
            "session": saved,
            "config": print::config_json(&config),
        }));
        return Ok(0);
    }
    let name = settings.map_or_else(|| "(not enrolled)".to_owned(), |settings| settings.name);
    anstream::println!("{}  {}", print::strong(&name), print::faint(identity.did().as_str()));
    row("control plane", url.as_deref().unwrap_or("unknown: enrol, or give --url"));
    row("directory", &dir.path().display().to_string());
    row("session", &session_line(holder.as_deref(), saved.as_ref()));
    if let Some(rejected) = saved.and_then(|saved| saved.status.rejected) {
        row("rejected", &format!("version {}: {} ({})", rejected.version, rejected.message, rejected.code));
    }
    row("config", &print::config_line(&config));
    Ok(0)
}

fn session_line(holder: Option<&str>, saved: Option<&SavedStatus>) -> String {
    match (holder, saved) {
        (Some(pid), Some(saved)) => {
            format!("{} {}", print::connection_line(&saved.status), print::faint(&format!("(process {pid})")))
        }
        (Some(pid), None) => {
            format!("{} {}", print::notice("starting"), print::faint(&format!("(process {pid})")))
        }
        (None, Some(saved)) => {
            let at: DateTime<Utc> = saved.updated_at;
            let last = format!(
                "; last: {} at {}",
                print::connection_line(&saved.status),
                at.format("%Y-%m-%d %H:%M:%SZ")
            );
            format!("{}{last}", print::notice("not running"))
        }
        (None, None) => print::notice("never run"),
    }
}

fn row(name: &str, value: &str) {
    anstream::println!("  {} {value}", print::faint(&format!("{name:<14}")));
}
