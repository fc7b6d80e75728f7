//! Finding things by id or by name, wherever a path or a body names one.

use uuid::Uuid;

use crate::{
    base::ids::{CredentialId, ModelId, ProxyId, RealmId},
    domain::{
        agent::Agent,
        credential::Credential,
        error::{Error, Result},
        model::Model,
        proxy::Proxy,
        realm::Realm,
    },
    store::{Conn, agents, credentials, models, proxies, realms},
};

/// A realm by id or slug.
pub async fn realm(conn: &mut Conn, name: &str) -> Result<Realm> {
    match Uuid::try_parse(name) {
        Ok(id) => realms::get(conn, RealmId(id)).await?,
        Err(_) => realms::by_slug(conn, name).await?,
    }
    .ok_or_else(|| Error::not_found("realm", name))
}

/// A model by id, by its whole `litellmModelName`, or by the part of that after the provider when only one has it.
pub async fn model(conn: &mut Conn, name: &str) -> Result<Model> {
    if let Ok(id) = Uuid::try_parse(name) {
        return models::get(conn, ModelId(id)).await?.ok_or_else(|| Error::not_found("model", name));
    }
    let filter = models::Filter { slug: Some(name), limit: 10, ..models::Filter::default() };
    let mut found = models::list(conn, &filter).await?;
    if let Some(exact) = found.iter().position(|m| m.litellm_model_name == name) {
        return Ok(found.swap_remove(exact));
    }
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|m| m.litellm_model_name.as_str()).collect();
        return Err(Error::conflict(
            "ambiguous-model",
            format!("{name:?} is the name of several models; say one of {}", names.join(", ")),
        ));
    }
    found.pop().ok_or_else(|| Error::not_found("model", name))
}

/// A proxy by id or name.
pub async fn proxy(conn: &mut Conn, name: &str) -> Result<Proxy> {
    match Uuid::try_parse(name) {
        Ok(id) => proxies::get(conn, ProxyId(id)).await?,
        Err(_) => proxies::by_name(conn, name).await?,
    }
    .ok_or_else(|| Error::not_found("proxy", name))
}

/// A credential by id or name. One that was typed into a deployment has no name and is not found.
pub async fn credential(conn: &mut Conn, name: &str) -> Result<Credential> {
    match Uuid::try_parse(name) {
        Ok(id) => credentials::get(conn, CredentialId(id)).await?.filter(|c| c.name.is_some()),
        Err(_) => credentials::by_name(conn, name).await?,
    }
    .ok_or_else(|| Error::not_found("credential", name))
}

pub async fn agent(conn: &mut Conn, did: &str) -> Result<Agent> {
    agents::get(conn, did).await?.ok_or_else(|| Error::not_found("agent", did))
}

/// A body that names something unknown is wrong in that field; a path that does is "not found". What was sent is not
/// repeated: it may be a key in the wrong field.
pub fn in_field<T>(field: &'static str, found: Result<T>) -> Result<T> {
    found.map_err(|error| match error {
        Error::NotFound { what, .. } => {
            Error::invalid(field, format!("names no {what}; give the id or name of one that exists"))
        }
        other => other,
    })
}
