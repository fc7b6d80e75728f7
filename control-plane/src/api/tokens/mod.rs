//! API tokens: `/api/tokens`

pub mod create;
pub mod get;
pub mod list;
pub mod revoke;
pub mod rotate;

use serde::Serialize;
use utoipa::ToSchema;

use crate::service::tokens::ApiTokenView;

/// A token with its text, which is shown here and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct ShownApiToken {
    #[serde(flatten)]
    pub view: ApiTokenView,
    pub token: String,
}
