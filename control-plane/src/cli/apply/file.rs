//! The file that `reeve apply` reads. What it does not say, it does not touch.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    base::secret::Secret,
    cli::{failure::Failure, secrets},
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    pub credentials: Vec<Credential>,
    #[serde(default)]
    pub models: Vec<Model>,
    #[serde(default)]
    pub realms: Vec<Realm>,
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// A stored credential. The file says where its key is and never holds one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    pub name: String,
    pub provider: String,
    /// Name of an environment variable.
    pub api_key_env: Option<String>,
    /// Path, from the folder of the file that names it.
    pub api_key_file: Option<PathBuf>,
    /// Read when the file is loaded.
    #[serde(skip)]
    pub key: Option<Secret>,
}

/// A model with one backend.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the field is called modelId in the API, too")]
pub struct Model {
    pub name: String,
    pub provider: String,
    pub model_id: String,
    pub base_url: Option<String>,
    /// Name or id of a stored credential.
    pub credential: Option<String>,
    pub api_key_env: Option<String>,
    pub api_key_file: Option<PathBuf>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub max_tokens: Option<i64>,
    /// On every proxy; else where a realm with a grant on it is served.
    pub everywhere: Option<bool>,
    pub litellm_params: Option<Map<String, Value>>,
    #[serde(skip)]
    pub key: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Realm {
    pub name: String,
    /// Without it, the realm is found by its name.
    pub slug: Option<String>,
    pub description: Option<String>,
    pub is_default: Option<bool>,
    /// A model granted to it.
    pub default_model: Option<String>,
    pub monthly_budget_usd: Option<f64>,
    /// Labels of the proxies that serve it, best first.
    pub placement: Option<Vec<Map<String, Value>>>,
    /// realm or agent.
    pub key_scope: Option<String>,
    pub key_max_age_days: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// `provider/name`, the name, or an id.
    pub model: String,
    /// Slug, name or id.
    pub realm: String,
    pub expires_at: Option<String>,
    pub reason: Option<String>,
}

impl File {
    /// Reads the file and the keys that it points to.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let text = if path == Path::new("-") {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(path)
        };
        let text =
            text.map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
        let mut file =
            Self::parse(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        file.read_keys(path.parent().unwrap_or(Path::new(".")))?;
        Ok(file)
    }

    /// YAML, and so JSON. The error says line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        yaml_serde::from_str(text).map_err(|error| error.to_string())
    }

    fn read_keys(&mut self, folder: &Path) -> Result<(), Failure> {
        for credential in &mut self.credentials {
            let what = format!("credential {}", credential.name);
            let (env, file) = (credential.api_key_env.as_deref(), credential.api_key_file.as_deref());
            credential.key = read_key(&what, folder, env, file)?;
        }
        for model in &mut self.models {
            let what = format!("model {}", model.name);
            let (env, path) = (model.api_key_env.as_deref(), model.api_key_file.as_deref());
            model.key = read_key(&what, folder, env, path)?;
            if model.key.is_some() && model.credential.is_some() {
                return Err(Failure::Usage(format!("{what}: say `credential` or an API key, not both")));
            }
        }
        Ok(())
    }
}

fn read_key(
    what: &str,
    folder: &Path,
    env: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Secret>, Failure> {
    match (env, file) {
        (Some(_), Some(_)) => {
            Err(Failure::Usage(format!("{what}: say `apiKeyEnv` or `apiKeyFile`, not both")))
        }
        (Some(variable), None) => secrets::from_env(&format!("{what}: apiKeyEnv"), variable).map(Some),
        (None, Some(path)) => {
            secrets::from_file(&format!("{what}: apiKeyFile"), &folder.join(path)).map(Some)
        }
        (None, None) => Ok(None),
    }
}
