//! The audit chain as CSV or NDJSON, written page by page, so that it never stands in memory whole.

use axum::{
    body::{Body, Bytes},
    http::header,
    response::IntoResponse as _,
};
use futures_util::stream;

use super::list::Format;
use crate::{
    api::{ApiState, problem::Result},
    base::page::{Order, OrderedRequest},
    domain::error::Error,
    service::audit::{self, AuditView, Wanted},
};

const ROWS_AT_A_TIME: i64 = 500;
const CSV_HEADER: &str =
    "seq,at,actor,auth,address,action,subject,before,after,requestId,revision,prevHash,hash\r\n";

/// The first page is read before the answer begins, so that an error there is a proper one.
pub async fn stream(state: ApiState, wanted: Wanted, order: Order, format: Format) -> Result {
    let first = OrderedRequest { limit: ROWS_AT_A_TIME, order, after: None };
    let (text, next) = chunk(&state, &wanted, &first, format).await?;
    let head = if format == Format::Csv { CSV_HEADER.to_owned() + &text } else { text };
    let start = (Some(head), next);
    let chunks = stream::try_unfold(start, move |(ready, next)| {
        let (state, wanted) = (state.clone(), wanted.clone());
        async move {
            match (ready, next) {
                (Some(text), next) => Ok(Some((Bytes::from(text), (None, next)))),
                (None, Some(cursor)) => {
                    let after = OrderedRequest::place(order, &cursor);
                    let page = OrderedRequest { limit: ROWS_AT_A_TIME, order, after };
                    let (text, next) = chunk(&state, &wanted, &page, format).await?;
                    Ok::<_, Error>(Some((Bytes::from(text), (None, next))))
                }
                (None, None) => Ok(None),
            }
        }
    });
    let (media_type, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"reeve-audit.csv\""),
        Format::Json | Format::Ndjson => {
            ("application/x-ndjson", "attachment; filename=\"reeve-audit.ndjson\"")
        }
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn chunk(
    state: &ApiState,
    wanted: &Wanted,
    page: &OrderedRequest,
    format: Format,
) -> Result<(String, Option<String>), Error> {
    let page = audit::list(&state.services, wanted, page).await?;
    let lines = page.items.iter().map(|row| match format {
        Format::Csv => csv(row),
        Format::Json | Format::Ndjson => serde_json::to_string(row).unwrap_or_default() + "\n",
    });
    Ok((lines.collect(), page.next_cursor))
}

fn csv(row: &AuditView) -> String {
    let json =
        |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let fields = [
        row.seq.to_string(),
        row.at.to_rfc3339(),
        row.actor.clone(),
        row.auth.clone().unwrap_or_default(),
        row.address.clone().unwrap_or_default(),
        row.action.clone(),
        row.subject.clone(),
        json(&row.before),
        json(&row.after),
        row.request_id.clone().unwrap_or_default(),
        row.revision.map(|n| n.to_string()).unwrap_or_default(),
        row.prev_hash.clone(),
        row.hash.clone(),
    ];
    fields.map(|field| quoted(&field)).join(",") + "\r\n"
}

/// RFC 4180; and a text that a spreadsheet would run as a formula is made plain text.
fn quoted(field: &str) -> String {
    let field = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    format!("\"{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_field_can_neither_break_out_nor_run() {
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
