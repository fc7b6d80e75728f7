//! Every sealed column, for the care of key-encryption keys: which version seals what, and sealing again.
//!
//! A value says its version itself, in the four bytes after the first (see `base::seal`).

use std::collections::BTreeMap;

use super::{
    Conn, Store,
    desired::{credential_at, manual_at, proxy_at, realm_key_at},
    identity_providers::identity_provider_at,
};
use crate::{
    base::{
        ids::{CredentialId, IdentityProviderId, KeyId, ProxyId},
        seal::SealedAt,
    },
    domain::error::{Error, Result},
};

/// Values sealed again in one go.
const BATCH: i64 = 200;

/// How many values each version seals, by column (`table.column`) and version.
pub type Counts = BTreeMap<(String, u32), u64>;

struct Value {
    place: String,
    row: String,
    generation: i64,
    sealed: Vec<u8>,
}

/// How many values each version of the key seals.
pub async fn counts(conn: &mut Conn) -> Result<Counts> {
    let rows = sqlx::query!(
        r#"select place as "place!", version as "version!", count(*) as "count!" from (
               select 'proxy.master_key' as place, substring(master_key from 2 for 4) as version from proxy
               union all select 'provider_credential.api_key', substring(api_key from 2 for 4) from provider_credential
               union all select 'realm_key.secret', substring(secret from 2 for 4) from realm_key
               union all select 'agent.manual_api_key', substring(manual_api_key from 2 for 4) from agent
                         where manual_api_key is not null
               union all select 'identity_provider.client_secret', substring(client_secret from 2 for 4) from identity_provider
               union all select 'installation.kek_canary', substring(kek_canary from 2 for 4) from installation
           ) v group by place, version"#
    )
    .fetch_all(conn)
    .await?;
    let mut counts = Counts::new();
    for row in rows {
        let version: [u8; 4] = row
            .version
            .try_into()
            .map_err(|_| Error::internal(format!("{} is no sealed value", row.place)))?;
        counts.insert((row.place, u32::from_be_bytes(version)), u64::try_from(row.count).unwrap_or_default());
    }
    Ok(counts)
}

impl Store {
    /// Seals some values again that are not under the key that seals now; how many. 0: none is left. Each is replaced only while
    /// it is still what was read, so whoever writes meanwhile wins, and a run that is cut off goes on later.
    pub async fn reseal_some(&self) -> Result<u64> {
        let mut conn = self.conn().await?;
        let newest = self.sealer.seals_with().to_be_bytes();
        let values = sqlx::query_as!(
            Value,
            r#"select place as "place!", row as "row!", generation as "generation!", sealed as "sealed!" from (
                   select 'proxy.master_key' as place, id::text as row, 1::bigint as generation, master_key as sealed
                   from proxy
                   union all select 'provider_credential.api_key', id::text, generation, api_key from provider_credential
                   union all select 'realm_key.secret', id::text, generation, secret from realm_key
                   union all select 'identity_provider.client_secret', id::text, secret_generation, client_secret
                             from identity_provider
                   union all select 'agent.manual_api_key', did, manual_generation, manual_api_key from agent
                             where manual_api_key is not null
               ) v where substring(sealed from 2 for 4) <> $1 limit $2"#,
            &newest[..],
            BATCH
        )
        .fetch_all(&mut *conn)
        .await?;
        let mut done = 0;
        for value in &values {
            done += self.reseal(&mut conn, value).await?;
        }
        if values.is_empty() {
            // The canary goes last: it says that the key opens everything.
            done += self.reseal_canary(&mut conn).await?;
        }
        Ok(done)
    }

    async fn reseal(&self, conn: &mut Conn, value: &Value) -> Result<u64> {
        let (old, id) = (&value.sealed[..], || value.row.parse::<uuid::Uuid>().map_err(Error::internal));
        let again = |at: &SealedAt| {
            let secret = self.sealer.open(at, value.generation, old).map_err(Error::internal)?;
            Ok::<_, Error>(self.sealer.seal(at, value.generation, &secret))
        };
        let result = match value.place.as_str() {
            "proxy.master_key" => {
                let new = again(&proxy_at(ProxyId(id()?)))?;
                sqlx::query!(
                    "update proxy set master_key = $3 where id = $1 and master_key = $2",
                    id()?,
                    old,
                    new
                )
                .execute(conn)
                .await?
            }
            "provider_credential.api_key" => {
                let new = again(&credential_at(CredentialId(id()?)))?;
                sqlx::query!(
                    "update provider_credential set api_key = $3 where id = $1 and api_key = $2",
                    id()?,
                    old,
                    new
                )
                .execute(conn)
                .await?
            }
            "realm_key.secret" => {
                let new = again(&realm_key_at(KeyId(id()?)))?;
                sqlx::query!(
                    "update realm_key set secret = $3 where id = $1 and secret = $2",
                    id()?,
                    old,
                    new
                )
                .execute(conn)
                .await?
            }
            "identity_provider.client_secret" => {
                let new = again(&identity_provider_at(IdentityProviderId(id()?)))?;
                sqlx::query!(
                    "update identity_provider set client_secret = $3 where id = $1 and client_secret = $2",
                    id()?,
                    old,
                    new
                )
                .execute(conn)
                .await?
            }
            _ => {
                let new = again(&manual_at(&value.row))?;
                sqlx::query!(
                    "update agent set manual_api_key = $3 where did = $1 and manual_api_key = $2",
                    value.row,
                    old,
                    new
                )
                .execute(conn)
                .await?
            }
        };
        Ok(result.rows_affected())
    }

    async fn reseal_canary(&self, conn: &mut Conn) -> Result<u64> {
        let canary =
            sqlx::query_scalar!("select kek_canary from installation").fetch_optional(&mut *conn).await?;
        let Some(old) = canary.filter(|canary| self.sealer.is_outdated(canary)) else {
            return Ok(0);
        };
        self.sealer.check_canary(&old).map_err(Error::internal)?;
        let new = self.sealer.make_canary();
        let done = sqlx::query!("update installation set kek_canary = $2 where kek_canary = $1", old, new);
        Ok(done.execute(conn).await?.rows_affected())
    }
}
