//! Pure types and rules of the registry; no async, no SQL, no HTTP.

pub mod agent;
pub mod change;
pub mod credential;
pub mod error;
pub mod grant;
pub mod model;
pub mod object;
pub mod proxy;
pub mod realm;
pub mod slug;
