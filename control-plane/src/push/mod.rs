//! Tells agents what they may use: from a committed revision to a document on the right socket, and back to a stored
//! report. It reads and writes through `store`, and must not change configuration.

pub mod compile;
