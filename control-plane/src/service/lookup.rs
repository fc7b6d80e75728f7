//! Finding things by id or by name, wherever a path or a body names one.

use uuid::Uuid;

use crate::{
    base::{
        ids::{CredentialId, ProxyId, RealmId},
        reach::{Reach, Scope, Verdict},
    },
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

/// A realm by id or slug, as far as the caller may.
pub async fn realm(conn: &mut Conn, reach: &Reach, name: &str) -> Result<Realm> {
    let found = match Uuid::try_parse(name) {
        Ok(id) => realms::get(conn, RealmId(id)).await?,
        Err(_) => realms::by_slug(conn, name).await?,
    };
    let realm = found.ok_or_else(|| Error::not_found("realm", name))?;
    held(reach, reach.realm(realm.id), "realm", name)?;
    Ok(realm)
}

/// A model that the caller may know of, by id, by its whole `litellmModelName`, or by the part of that after the provider when only one has it.
pub async fn model(conn: &mut Conn, reach: &Reach, name: &str) -> Result<Model> {
    let id = Uuid::try_parse(name).ok();
    let slug = if id.is_none() { Some(name) } else { None };
    let granted_to = reach.models.filter();
    let named =
        models::Named { ids: id.as_ref().map(std::slice::from_ref), slug, granted_to: granted_to.as_deref() };
    let mut found = models::list(conn, named).await?;
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

/// An agent to be read: the caller may in one of its realms.
pub async fn agent(conn: &mut Conn, reach: &Reach, did: &str) -> Result<Agent> {
    find_agent(conn, reach, did, false).await
}

/// An agent to be changed, or shown with all it may do: the caller may in all its realms.
pub async fn whole_agent(conn: &mut Conn, reach: &Reach, did: &str) -> Result<Agent> {
    find_agent(conn, reach, did, true).await
}

async fn find_agent(conn: &mut Conn, reach: &Reach, did: &str, change: bool) -> Result<Agent> {
    let agent = agents::get(conn, did).await?.ok_or_else(|| Error::not_found("agent", did))?;
    if reach.may != Scope::Everywhere {
        let members = realms::of_agents(conn, std::slice::from_ref(&agent.did)).await?;
        let realms: Vec<RealmId> = members.iter().map(|m| m.realm_id).collect();
        held(reach, reach.shared(&realms, change), "agent", did)?;
    }
    Ok(agent)
}

/// Nothing, if so; "not found" for what the caller may not know of, else the name of the permission that is missing.
pub fn held(reach: &Reach, verdict: Verdict, what: &'static str, name: &str) -> Result<()> {
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Hidden => Err(Error::not_found(what, name)),
        Verdict::Forbidden => Err(missing(reach.needed, &format!("for {what} {name:?}"))),
    }
}

/// For what is not of a realm.
pub fn everywhere(reach: &Reach, what: &str) -> Result<()> {
    match reach.may {
        Scope::Everywhere => Ok(()),
        Scope::Realms(_) => Err(missing(reach.needed, what)),
    }
}

/// The refusal that names the permission.
pub fn missing(permission: &str, where_: &str) -> Error {
    let message =
        format!("this needs the permission {permission} {where_}; whoever gave you access can give it");
    Error::Forbidden { code: "missing-permission", message }
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
