//! The bootstrap admin token. `app` stores its hash; nothing keeps the token itself.

use super::read::Reader;
use crate::base::secret::Secret;

/// `None` when unset (one is generated then) or wrong (an error is recorded).
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Secret> {
    let token = reader.secret("REEVE_ADMIN_TOKEN")?;
    // It travels in an `Authorization` header, which carries nothing else safely.
    let text = token.expose();
    if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(token);
    }
    reader.wrong("REEVE_ADMIN_TOKEN", "expected 8 or more visible ASCII characters without spaces");
    None
}
