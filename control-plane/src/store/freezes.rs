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
