//! Pure types and rules of the registry; no async, no SQL, no HTTP.
