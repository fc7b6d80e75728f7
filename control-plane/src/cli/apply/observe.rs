//! Reads, over the API, what there is of what a file speaks of.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{file::File, plan::find_model};
use crate::cli::{
    failure::Failure,
    session::{Session, path},
};

/// As the API answers it.
#[derive(Debug, Default)]
pub struct Observed {
    pub credentials: Vec<Value>,
    pub models: Vec<Value>,
    pub realms: Vec<Value>,
    /// Grants that stand, by the model's id.
    pub grants: BTreeMap<String, Vec<Value>>,
}

const ALL: usize = usize::MAX;

/// With `every_grant`, the grants of all models are read, else those of the models that the file grants.
pub async fn observe(s: &Session, file: &File, every_grant: bool) -> Result<Observed, Failure> {
    let mut observed = Observed {
        credentials: s.list(path(["credentials"]), Vec::new(), ALL).await?,
        models: s.list(path(["models"]), Vec::new(), ALL).await?,
        realms: s.list(path(["realms"]), Vec::new(), ALL).await?,
        grants: BTreeMap::new(),
    };
    let granted = |model: &Value| {
        let found = |grant: &super::file::Grant| find_model(&observed.models, &grant.model) == Some(model);
        every_grant || file.grants.iter().any(found)
    };
    let ids: Vec<String> = observed
        .models
        .iter()
        .filter(|model| granted(model))
        .filter_map(|model| model["id"].as_str().map(str::to_owned))
        .collect();
    for id in ids {
        let mut grants = s.list(path(["models", &id, "realms"]), Vec::new(), ALL).await?;
        grants.retain(|grant| grant["state"] == "active");
        observed.grants.insert(id, grants);
    }
    Ok(observed)
}
