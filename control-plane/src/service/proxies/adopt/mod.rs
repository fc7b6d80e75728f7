//! Taking over what somebody else made on a proxy, as its last full scan found it. Nothing is made anew there: the object keeps its
//! name and goes on working while the reconciler gives it our mark and brings it in line.

mod deployment;
mod key;

pub use self::{
    deployment::{NewAdoptedDeployment, deployment},
    key::{NewAdoptedKey, key},
};
use crate::{
    base::ids::ProxyId,
    domain::{
        drift::Drift,
        error::{Error, Result},
        foreign::Foreign,
        object::{Object, ObjectKind},
        proxy::Proxy,
    },
    service::{Services, lookup},
    store::{
        Conn,
        applied::{self, Applied, AppliedState},
        drift,
    },
};

/// A proxy on which something may be taken over.
async fn serving(conn: &mut Conn, name: &str) -> Result<Proxy> {
    let proxy = lookup::proxy(conn, name).await?;
    if !proxy.serves() {
        return Err(refused(&format!(
            "proxy {} is disabled or being removed: what is taken over there would be taken off it",
            proxy.name
        )));
    }
    Ok(proxy)
}

/// What a scan found there under this name: what it is called there, and what it is.
async fn found(
    conn: &mut Conn,
    proxy: &Proxy,
    kind: ObjectKind,
    external_id: &str,
) -> Result<(String, Foreign)> {
    let known = applied::is_known(conn, proxy.id, kind, external_id).await?;
    match drift::get(conn, proxy.id, kind, external_id).await?.filter(|_| !known) {
        Some(Drift { name, found: Some(found), .. }) => Ok((name, found)),
        Some(_) => Err(refused("it is not foreign, or another installation of Reeve manages it")),
        None => Err(refused(&format!(
            "proxy {} has no foreign {} like that, as of its last full scan; `reeve proxies check` makes one now",
            proxy.name,
            kind.as_str()
        ))),
    }
}

/// Remembers that the foreign object is this one of ours now, so that the reconciler may change it.
async fn take_over(
    s: &Services,
    conn: &mut Conn,
    proxy: ProxyId,
    object: Object,
    external_id: &str,
    fields: Vec<String>,
) -> Result<()> {
    let row = Applied {
        proxy_id: proxy,
        kind: object.kind,
        object_id: object.id,
        external_id: external_id.to_owned(),
        generation: 0,
        hash: String::new(),
        state: AppliedState::Intended,
        models: Vec::new(),
        fields,
        expires_at: None,
        error_code: None,
        error_message: None,
        observed_at: s.store.clock.now(),
        adopting: true,
    };
    applied::write(conn, &row).await?;
    drift::delete(conn, proxy, object.kind, external_id).await
}

fn refused(why: &str) -> Error {
    Error::conflict("not-adoptable", why)
}
