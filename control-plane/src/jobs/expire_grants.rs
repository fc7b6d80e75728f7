//! Takes away rights whose time is up. A right that has run out is not rendered any more from that instant on; this
//! writes it down, so that proxies, agents and the audit hear of it.

use crate::{
    base::context::Context,
    domain::error::{Error, Result},
    service::{Services, grants as service},
    store::grants,
};

/// Most rights taken away in one round.
const AT_ONCE: i64 = 200;

pub async fn run_once(services: &Services) -> Result<u64> {
    let mut conn = services.store.conn().await?;
    let due = grants::expired(&mut conn, services.store.clock.now(), AT_ONCE).await?;
    drop(conn);
    let ctx = Context::system("expire_grants");
    let mut done = 0;
    for (realm, model) in due {
        match service::revoke(services, &ctx, &model.to_string(), &realm.to_string()).await {
            Ok(_) => done += 1,
            // Somebody else was faster.
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
