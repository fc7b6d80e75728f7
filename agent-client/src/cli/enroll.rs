//! `reeve-agent enroll`.

use clap::Args;
use reeve_agent::Settings;
use reeve_agent::protocol::AgentApproval;

use super::exit::Failure;
use super::{Output, Place, print};

#[derive(Args)]
pub struct Enroll {
    /// An enrolment token. Without one the agent is pending until an admin approves it.
    #[arg(long, env = "REEVE_ENROLL_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// What people call this agent. Default: the name it has, or else the name of this machine.
    #[arg(long)]
    name: Option<String>,
}

pub async fn enroll(place: &Place, output: Output, command: Enroll) -> Result<u8, Failure> {
    let dir = place.state_dir()?;
    let settings = dir.settings()?;
    let url = place.url(settings.as_ref())?;
    let identity = dir.load_or_create_identity()?;
    let name = command.name.or(settings.map(|settings| settings.name)).unwrap_or_else(machine_name);
    if url.is_readable_on_the_way() {
        anstream::eprintln!(
            "reeve-agent: warning: {url} is plain http: keys can be read on the way to this machine"
        );
    }
    let answer = reeve_agent::enroll(&url, &identity, &name, command.token.as_deref()).await?;
    // It may be another control plane, or the same one set up anew: its versions are not comparable with what was.
    dir.forget_config()?;
    dir.save_settings(&Settings { url: url.to_string(), name: answer.name.clone() })?;
    match output {
        Output::Json => print::json(&answer),
        Output::Text => {
            let realms = if answer.realms.is_empty() {
                String::new()
            } else {
                format!(" in {}", answer.realms.join(", "))
            };
            let state = match answer.status {
                AgentApproval::Approved => format!("{}{realms}", print::good("approved")),
                AgentApproval::Pending => format!("{}: an admin must approve it", print::notice("pending")),
            };
            anstream::println!(
                "{} {}\n{}",
                print::strong(&answer.name),
                state,
                print::faint(answer.did.as_str())
            );
        }
    }
    Ok(0)
}

fn machine_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "agent".to_owned() } else { name }
}
