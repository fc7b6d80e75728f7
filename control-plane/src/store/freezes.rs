//! What is frozen. That it is, `is_frozen` says in SQL wherever a right is rendered.

use uuid::Uuid;

use super::Conn;
use crate::domain::{
    error::Result,
    freeze::{Freeze, FreezeKind},
};

/// Everything that is frozen, or of one kind, or one thing; oldest first. With `among`, only these realms and the agents in them.
pub async fn list(
    conn: &mut Conn,
    kind: Option<FreezeKind>,
    id: Option<&str>,
    among: Option<&[Uuid]>,
) -> Result<Vec<Freeze>> {
    Ok(sqlx::query_as!(
        Freeze,
        r#"select kind as "kind: FreezeKind", object_id, reason, frozen_at, frozen_by from frozen
           where ($1::text is null or kind = $1) and ($2::text is null or object_id = $2)
             and ($3::uuid[] is null or (kind = 'realm' and object_id = any($3::text[])) or (kind = 'agent' and exists (
                 select 1 from realm_agent m where m.did = object_id and m.realm_id = any($3))))
           order by frozen_at, kind, object_id"#,
        kind.map(FreezeKind::as_str),
        id,
        among
    )
    .fetch_all(conn)
    .await?)
}

/// With what people call the thing: slug, model name, proxy's or agent's name.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub freeze: Freeze,
}

/// As [`list`], at most `limit`.
pub async fn named(
    conn: &mut Conn,
    thing: Option<(FreezeKind, &str)>,
    among: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Named>> {
    let (kind, id) = thing.unzip();
    let rows = sqlx::query!(
        r#"select f.kind as "kind: FreezeKind", f.object_id, f.reason, f.frozen_at, f.frozen_by,
                  coalesce(r.slug, a.name, m.litellm_model_name, p.name, f.object_id) as "name!"
           from frozen f
           left join realm r on f.kind = 'realm' and r.id::text = f.object_id
           left join agent a on f.kind = 'agent' and a.did = f.object_id
           left join model m on f.kind = 'model' and m.id::text = f.object_id
           left join proxy p on f.kind = 'proxy' and p.id::text = f.object_id
           where ($1::text is null or (f.kind = $1 and f.object_id = $2))
             and ($3::uuid[] is null or r.id = any($3)
                  or exists (select 1 from realm_agent x where x.did = a.did and x.realm_id = any($3)))
           order by f.frozen_at, f.kind, f.object_id limit $4"#,
        kind.map(FreezeKind::as_str),
        id,
        among,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Named {
            name: r.name,
            freeze: Freeze {
                kind: r.kind,
                object_id: r.object_id,
                reason: r.reason,
                frozen_at: r.frozen_at,
                frozen_by: r.frozen_by,
            },
        })
        .collect())
}

/// `false` when it is frozen already.
pub async fn insert(conn: &mut Conn, f: &Freeze) -> Result<bool> {
    let done = sqlx::query!(
        "insert into frozen (kind, object_id, reason, frozen_at, frozen_by) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        f.kind.as_str(),
        f.object_id,
        f.reason,
        f.frozen_at,
        f.frozen_by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Also when the thing itself is removed. `false` when it was not frozen.
pub async fn delete(conn: &mut Conn, kind: FreezeKind, id: &str) -> Result<bool> {
    let done = sqlx::query!("delete from frozen where kind = $1 and object_id = $2", kind.as_str(), id);
    Ok(done.execute(conn).await?.rows_affected() == 1)
}
