//! Which agent is meant, and which control plane: from options, the environment, or what enrolment remembered.

use std::path::PathBuf;

use clap::Args;
use reeve_agent::{AgentOptions, ControlPlaneUrl, Identity, Settings, StateDir};

use super::exit::{Failure, USAGE};

#[derive(Args)]
pub struct Place {
    /// The agent's directory. Default: reeve-agent in $XDG_CONFIG_HOME or ~/.config. One agent, one directory.
    #[arg(long, global = true, env = "REEVE_AGENT_DIR", value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The control plane. Default: the one that this agent enrolled with.
    #[arg(long, global = true, env = "REEVE_URL", value_name = "URL")]
    url: Option<String>,
}

impl Place {
    pub fn state_dir(&self) -> Result<StateDir, Failure> {
        let path = match &self.dir {
            Some(dir) => dir.clone(),
            None => default_dir().ok_or_else(|| {
                Failure::new(
                    USAGE,
                    "no home directory is known: name the agent's directory with --dir or REEVE_AGENT_DIR",
                )
            })?,
        };
        Ok(StateDir::open(path)?)
    }

    /// The control plane that was named, or else the remembered one.
    pub fn url(&self, settings: Option<&Settings>) -> Result<ControlPlaneUrl, Failure> {
        match (&self.url, settings) {
            (Some(url), _) => Ok(ControlPlaneUrl::parse(url)?),
            (None, Some(settings)) => Ok(ControlPlaneUrl::parse(&settings.url)?),
            (None, None) => Err(Failure::new(
                USAGE,
                "no control plane is known: name it with --url or REEVE_URL, or run `reeve-agent enroll` first",
            )),
        }
    }

    /// All that a session needs.
    pub fn agent(&self) -> Result<(AgentOptions, Identity, StateDir), Failure> {
        let dir = self.state_dir()?;
        let identity = dir.load_identity()?;
        let url = self.url(dir.settings()?.as_ref())?;
        Ok((AgentOptions::new(url, identity.clone(), dir.clone()), identity, dir))
    }
}

fn default_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(config.join("reeve-agent"))
}
