//! Secrets on their way in: from a file, standard input, an environment variable or, when somebody insists, the command
//! line. They are never printed.

use std::{fs, io::Read as _, path::PathBuf};

use clap::Args;

use super::failure::Failure;
use crate::base::secret::Secret;

/// For clap: keeps the value out of `Debug`.
#[expect(clippy::unnecessary_wraps, reason = "clap's value parsers return a Result")]
pub fn parse(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

/// A provider's API key.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_field_names, reason = "the options are named after them")]
pub struct ApiKey {
    /// The provider's key. Everybody on this machine can read a command line: better one of the next three.
    #[arg(long, value_name = "KEY", value_parser = parse)]
    api_key: Option<Secret>,
    /// A file that holds it.
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Read it from standard input.
    #[arg(long)]
    api_key_stdin: bool,
    /// The environment variable that holds it, such as OPENAI_API_KEY.
    #[arg(long, value_name = "NAME")]
    api_key_env: Option<String>,
}

impl ApiKey {
    pub fn read(self) -> Result<Option<Secret>, Failure> {
        read("api-key", self.api_key, self.api_key_file, self.api_key_stdin, self.api_key_env)
    }

    pub fn required(self) -> Result<Secret, Failure> {
        self.read()?.ok_or_else(|| missing("api-key"))
    }
}

/// A proxy's master key.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_field_names, reason = "the options are named after them")]
pub struct MasterKey {
    /// LiteLLM's master key. Everybody on this machine can read a command line: better one of the next three.
    #[arg(long, value_name = "KEY", value_parser = parse)]
    master_key: Option<Secret>,
    /// A file that holds it.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Read it from standard input.
    #[arg(long)]
    master_key_stdin: bool,
    /// The environment variable that holds it, such as LITELLM_MASTER_KEY.
    #[arg(long, value_name = "NAME")]
    master_key_env: Option<String>,
}

impl MasterKey {
    pub fn read(self) -> Result<Option<Secret>, Failure> {
        read("master-key", self.master_key, self.master_key_file, self.master_key_stdin, self.master_key_env)
    }

    pub fn required(self) -> Result<Secret, Failure> {
        self.read()?.ok_or_else(|| missing("master-key"))
    }
}

/// A virtual key that somebody made on a proxy.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_field_names, reason = "the options are named after them")]
pub struct VirtualKey {
    /// A virtual key to be taken over, as its holder has it: the file that holds it.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Read it from standard input.
    #[arg(long)]
    key_stdin: bool,
    /// The environment variable that holds it.
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
}

impl VirtualKey {
    pub fn read(self) -> Result<Option<Secret>, Failure> {
        read("key", None, self.key_file, self.key_stdin, self.key_env)
    }
}

/// The secret of a client at an identity provider.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_field_names, reason = "the options are named after them")]
pub struct ClientSecret {
    /// The file that holds the client's secret.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// Read it from standard input.
    #[arg(long)]
    client_secret_stdin: bool,
    /// The environment variable that holds it.
    #[arg(long, value_name = "NAME")]
    client_secret_env: Option<String>,
}

impl ClientSecret {
    pub fn read(self) -> Result<Option<Secret>, Failure> {
        read("client-secret", None, self.client_secret_file, self.client_secret_stdin, self.client_secret_env)
    }
}

fn read(
    name: &str,
    plain: Option<Secret>,
    file: Option<PathBuf>,
    stdin: bool,
    env: Option<String>,
) -> Result<Option<Secret>, Failure> {
    if stdin {
        return from_stdin(name).map(Some);
    }
    match (plain, file, env) {
        (Some(secret), ..) => Ok(Some(secret)),
        (_, Some(path), _) => from_file(&format!("--{name}-file"), &path).map(Some),
        (.., Some(variable)) => from_env(&format!("--{name}-env"), &variable).map(Some),
        (None, None, None) => Ok(None),
    }
}

fn missing(name: &str) -> Failure {
    Failure::Usage(format!("a key is needed: --{name}-file FILE, --{name}-stdin or --{name}-env NAME"))
}

/// The file's content without the white space around it. `what` names the option for the message.
pub fn from_file(what: &str, path: &std::path::Path) -> Result<Secret, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("{what}: {} cannot be read: {error}", path.display())))?;
    not_empty(what, &text)
}

pub fn from_env(what: &str, variable: &str) -> Result<Secret, Failure> {
    let text = std::env::var(variable)
        .map_err(|_| Failure::Usage(format!("{what}: the environment variable {variable} is not set")))?;
    not_empty(what, &text)
}

pub fn from_stdin(name: &str) -> Result<Secret, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Usage(format!("--{name}-stdin: standard input cannot be read: {error}")))?;
    not_empty(&format!("--{name}-stdin"), &text)
}

fn not_empty(what: &str, text: &str) -> Result<Secret, Failure> {
    match text.trim() {
        "" => Err(Failure::Usage(format!("{what}: it is empty"))),
        text => Ok(Secret::new(text)),
    }
}
