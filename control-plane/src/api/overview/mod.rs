//! `/api/overview`: the first page of the console.

pub mod get;
