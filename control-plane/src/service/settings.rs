//! What the whole installation allows: whether the bootstrap token counts, how long audit rows are kept.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written, check_range, check_version};
use crate::{
    base::{context::Context, ids::PersonId},
    domain::{
        error::{Error, Result},
        role::Role,
        settings::Settings,
    },
    store::{Conn, people, settings, tokens},
};

/// Shortest and longest `auditRetentionDays`.
const RETENTION: (i32, i32) = (30, 36_500);

/// The settings as they may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// Whether the bootstrap admin token is accepted.
    pub bootstrap_token_enabled: bool,
    /// Audit rows older than this go; null: they stay.
    pub audit_retention_days: Option<i32>,
    /// The ETag.
    pub version: i64,
}

impl From<Settings> for SettingsView {
    fn from(s: Settings) -> Self {
        Self {
            bootstrap_token_enabled: s.bootstrap_token_enabled,
            audit_retention_days: s.audit_retention_days,
            version: s.version,
        }
    }
}

/// An edit; what is `None` stays, the inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct SettingsPatch {
    pub bootstrap_token_enabled: Option<bool>,
    pub audit_retention_days: Option<Option<i32>>,
}

pub async fn get(s: &Services) -> Result<SettingsView> {
    Ok(settings::get(&mut *s.store.conn().await?).await?.into())
}

pub async fn update(
    s: &Services,
    ctx: &Context,
    expected: Option<i64>,
    patch: SettingsPatch,
) -> Result<Written<SettingsView>> {
    let mut tx = s.store.begin("settings.update").await?;
    let old = settings::lock(tx.conn()).await?;
    check_version(expected, old.version)?;
    let new = Settings {
        bootstrap_token_enabled: patch.bootstrap_token_enabled.unwrap_or(old.bootstrap_token_enabled),
        audit_retention_days: patch.audit_retention_days.unwrap_or(old.audit_retention_days),
        ..old
    };
    check_range("auditRetentionDays", new.audit_retention_days, RETENTION.0, RETENTION.1)?;
    if new == old {
        return Ok(Written::unchanged(old.clone().into(), Some(old.version), Vec::new()));
    }
    if old.bootstrap_token_enabled && !new.bootstrap_token_enabled && !has_owner(s, tx.conn(), None).await? {
        return Err(Error::conflict(
            "no-owner",
            "without the bootstrap token nobody would be owner; make an owner first, with \
             `reeve people add EMAIL --role owner`",
        ));
    }
    settings::update(tx.conn(), &new).await?;
    let after = SettingsView::from(settings::get(tx.conn()).await?);
    let entry = Entry::new("settings".to_owned()).before(&SettingsView::from(old)).after(&after);
    tx.finish_quiet(ctx, entry.audit("settings.update")).await?;
    Ok(Written::unchanged(after.clone(), Some(after.version), Vec::new()))
}

/// Refuses what would leave nobody who is owner: `without` is about to stop being one.
pub(super) async fn keep_an_owner(s: &Services, conn: &mut Conn, without: Option<PersonId>) -> Result<()> {
    if settings::lock(conn).await?.bootstrap_token_enabled || has_owner(s, conn, without).await? {
        return Ok(());
    }
    Err(Error::conflict("no-owner", "nobody would be owner any more; make another owner first"))
}

/// Whether somebody beside the bootstrap token is owner, and can act as one.
async fn has_owner(s: &Services, conn: &mut Conn, without: Option<PersonId>) -> Result<bool> {
    Ok(people::has_role(conn, Role::Owner, without).await?
        || tokens::has_role(conn, Role::Owner, s.store.clock.now()).await?)
}
