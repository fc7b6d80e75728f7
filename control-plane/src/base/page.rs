//! Cursor paging: lists are `{items, nextCursor}`, ordered by a key that never changes.

/// One page of a list. `next_cursor` is opaque to clients: the key of the last item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// At most this many items, 1 to 200.
    pub limit: i64,
    /// Only items after this key.
    pub after: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

impl<T> Page<T> {
    /// Cuts `items`, which were read with `limit + 1`, to a page.
    pub fn cut(mut items: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(key) } else { None };
        Self { items, next_cursor }
    }

    /// The same page of something made from each item.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}
