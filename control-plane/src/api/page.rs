//! Lists: `{items, nextCursor}`. The cursor is opaque: base64url of the last item's key.

use axum::http::StatusCode;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, Result};
use crate::base::page::{Order, OrderedRequest, Page, PageRequest};

const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    pub items: Vec<T>,
    /// Give it as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> Self {
        let next_cursor = page.next_cursor.map(|key| BASE64_URL_SAFE_NO_PAD.encode(key));
        Self { items: page.items, next_cursor }
    }
}

impl<T> From<Vec<T>> for List<T> {
    /// A list that is never long.
    fn from(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// Refuses a query parameter.
pub fn bad(field: &str, detail: &str) -> Problem {
    Problem::in_field(StatusCode::BAD_REQUEST, "bad-query", field, detail)
}

/// Checks what the query of a list asks for.
pub fn request(limit: Option<i64>, cursor: Option<&str>) -> Result<PageRequest> {
    let limit = limit.unwrap_or(PageRequest::default().limit);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(bad("limit", "expected a number from 1 to 200"));
    }
    let after = match cursor {
        Some(cursor) => {
            let key = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|key| String::from_utf8(key).ok());
            // Postgres' text cannot hold a NUL.
            let key = key.filter(|key| !key.contains('\0'));
            Some(key.ok_or_else(|| bad("cursor", "expected the nextCursor of an answer"))?)
        }
        None => None,
    };
    Ok(PageRequest { limit, after })
}

/// The same of a list that the caller may order: a cursor goes on in its own order alone.
pub fn ordered(limit: Option<i64>, cursor: Option<&str>, order: Order) -> Result<OrderedRequest> {
    let PageRequest { limit, after } = request(limit, cursor)?;
    let after = match after {
        Some(cursor) => Some(
            OrderedRequest::place(order, &cursor)
                .filter(|p| !p.key.contains('\0') && !p.id.contains('\0'))
                .ok_or_else(|| bad("cursor", "expected the nextCursor of an answer with the same sort"))?,
        ),
        None => None,
    };
    Ok(OrderedRequest { limit, order, after })
}

/// How a log is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, ToSchema)]
pub enum LogSort {
    #[default]
    #[serde(rename = "-at")]
    NewestFirst,
    #[serde(rename = "at")]
    OldestFirst,
}

impl LogSort {
    pub fn order(self) -> Order {
        match self {
            Self::NewestFirst => Order::down("at"),
            Self::OldestFirst => Order::up("at"),
        }
    }
}

/// The query of a list without filters.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}
