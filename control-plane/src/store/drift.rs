//! What the last full scan of each proxy found to be different.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::ProxyId,
    domain::{
        drift::{Drift, DriftClass},
        error::Result,
        foreign::Foreign,
        object::ObjectKind,
    },
};

/// Makes these the proxy's differences; what is known already is not written again.
pub async fn replace(conn: &mut Conn, proxy: ProxyId, found: &[Drift], now: DateTime<Utc>) -> Result<()> {
    let kinds: Vec<String> = found.iter().map(|d| d.kind.as_str().to_owned()).collect();
    let externals: Vec<String> = found.iter().map(|d| d.external_id.clone()).collect();
    let classes: Vec<String> = found.iter().map(|d| d.class.as_str().to_owned()).collect();
    let names: Vec<String> = found.iter().map(|d| d.name.clone()).collect();
    let objects: Vec<Option<Uuid>> = found.iter().map(|d| d.object_id).collect();
    let fields: Vec<String> = found.iter().map(|d| d.fields.join(",")).collect();
    let foreign: Vec<Option<Json<&Foreign>>> = found.iter().map(|d| d.found.as_ref().map(Json)).collect();
    sqlx::query!(
        "with found as (
             select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $9::jsonb[])
                 as f (kind, external_id, class, name, object_id, fields, found)
         ), gone as (
             delete from drift d where proxy_id = $1
             and not exists (select 1 from found f where (f.kind, f.external_id) = (d.kind, d.external_id))
         )
         insert into drift as d (proxy_id, kind, external_id, class, name, object_id, fields, found_at, found)
         select $1, kind, external_id, class, name, object_id, string_to_array(fields, ','), $8, found from found
         on conflict (proxy_id, kind, external_id) do update set
             class = excluded.class, name = excluded.name, object_id = excluded.object_id, fields = excluded.fields,
             found_at = excluded.found_at, found = excluded.found
         where (d.class, d.name, d.fields, d.found) is distinct from (excluded.class, excluded.name, excluded.fields, excluded.found)",
        proxy.0,
        &kinds,
        &externals,
        &classes,
        &names,
        &objects as &[Option<Uuid>],
        &fields,
        now,
        &foreign as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A proxy's differences, by kind and name there, after this pair; with when each was first found.
pub async fn list(
    conn: &mut Conn,
    proxy: ProxyId,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<(Drift, DateTime<Utc>)>> {
    let (kind, external_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select kind as "kind: ObjectKind", external_id, class as "class: DriftClass", name, object_id, fields, found_at,
                  found as "found: Json<Foreign>"
           from drift where proxy_id = $1 and ($2::text is null or (kind, external_id) > ($2, $3::text))
           order by kind, external_id limit $4"#,
        proxy.0,
        kind,
        external_id,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let drift = Drift {
                kind: r.kind,
                external_id: r.external_id,
                class: r.class,
                name: r.name,
                object_id: r.object_id,
                fields: r.fields,
                found: r.found.map(|f| f.0),
            };
            (drift, r.found_at)
        })
        .collect())
}

/// One of a proxy's differences.
pub async fn get(
    conn: &mut Conn,
    proxy: ProxyId,
    kind: ObjectKind,
    external_id: &str,
) -> Result<Option<Drift>> {
    let row = sqlx::query!(
        r#"select kind as "kind: ObjectKind", external_id, class as "class: DriftClass", name, object_id, fields,
                  found as "found: Json<Foreign>"
           from drift where proxy_id = $1 and kind = $2 and external_id = $3"#,
        proxy.0,
        kind.as_str(),
        external_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| Drift {
        kind: r.kind,
        external_id: r.external_id,
        class: r.class,
        name: r.name,
        object_id: r.object_id,
        fields: r.fields,
        found: r.found.map(|f| f.0),
    }))
}

/// Forgets one, which is known now.
pub async fn delete(conn: &mut Conn, proxy: ProxyId, kind: ObjectKind, external_id: &str) -> Result<()> {
    sqlx::query!(
        "delete from drift where proxy_id = $1 and kind = $2 and external_id = $3",
        proxy.0,
        kind.as_str(),
        external_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many differences of each class each proxy has, by the proxy's name.
pub async fn counts(conn: &mut Conn) -> Result<Vec<(String, DriftClass, i64)>> {
    let rows = sqlx::query!(
        r#"select p.name, d.class as "class: DriftClass", count(*) as "count!"
           from drift d join proxy p on p.id = d.proxy_id group by p.name, d.class order by p.name, d.class"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.class, r.count)).collect())
}
