//! The real control plane, as a process.

use std::{collections::BTreeMap, path::PathBuf};

use tokio::process::Command;

use super::{Api, Database, Process, Proxy, binary};

pub const ADMIN_TOKEN: &str = "test-admin-token-0123456789";
/// Base64 of 32 bytes.
pub const MASTER_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// How to start it.
#[derive(Clone)]
pub struct ReeveOptions {
    pub env: BTreeMap<String, String>,
}

impl ReeveOptions {
    /// On this database, with no proxy.
    pub fn on(database: &Database) -> Self {
        let env = [
            ("DATABASE_URL", database.url.as_str()),
            ("REEVE_MASTER_KEY", MASTER_KEY),
            ("REEVE_ADMIN_TOKEN", ADMIN_TOKEN),
            ("REEVE_LISTEN", "127.0.0.1:0"),
            ("REEVE_LOG", "info,reeve=debug"),
            ("REEVE_LOG_FORMAT", "json"),
            ("REEVE_SCAN_SECONDS", "1"),
        ];
        Self { env: env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect() }
    }

    /// With this one as its first proxy.
    #[must_use]
    pub fn with_proxy(mut self, proxy: &Proxy) -> Self {
        self.env.insert("LITELLM_BASE_URL".to_owned(), proxy.url.clone());
        self.env.insert("LITELLM_MASTER_KEY".to_owned(), proxy.master_key.clone());
        // One instance, which knows at once what it was told.
        self.env.insert("LITELLM_CACHE_LAG_SECONDS".to_owned(), "0".to_owned());
        self
    }

    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// A running control plane.
pub struct Reeve {
    pub process: Process,
    pub api: Api,
    options: ReeveOptions,
}

impl Reeve {
    /// Starts it and waits until it says that it is ready.
    pub async fn start(options: ReeveOptions) -> Self {
        let mut process = Self::spawn(&options);
        let url = process.stdout_has("the line that says where it listens", ready_url).await;
        Self { process, api: Api::new(&url, ADMIN_TOKEN), options }
    }

    fn spawn(options: &ReeveOptions) -> Process {
        let mut command = Command::new(binary("reeve"));
        command.arg("serve").env_clear().envs(&options.env);
        for kept in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        Process::start("reeve", &mut command)
    }

    /// Changes a variable for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.options = self.options.clone().set(name, value);
    }

    /// SIGKILL, then a new process on the same address.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().await;
        self.restart().await;
    }

    /// A new process on the same address, for one that has ended.
    pub async fn restart(&mut self) {
        let address = self.api.url.trim_start_matches("http://").to_owned();
        self.options = self.options.clone().set("REEVE_LISTEN", &address);
        self.process = Self::spawn(&self.options);
        self.process.stdout_has("the line that says where it listens", ready_url).await;
    }

    /// The CLI against this control plane; returns exit code, standard output and standard error.
    pub async fn cli(&self, args: &[&str]) -> (i32, String, String) {
        run(binary("reeve"), args, &[("REEVE_URL", &self.api.url), ("REEVE_TOKEN", &self.api.token)]).await
    }
}

/// `Reeve is ready on http://127.0.0.1:41234`
fn ready_url(out: &str) -> Option<String> {
    let line = out.lines().find(|l| l.contains("ready on http://"))?;
    line.split_whitespace().find(|w| w.starts_with("http://")).map(str::to_owned)
}

/// Runs a program to its end.
pub async fn run(program: PathBuf, args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = Command::new(&program)
        .args(args)
        .envs(env.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|e| panic!("{} does not start: {e}", program.display()));
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}
