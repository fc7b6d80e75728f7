//! Cursor paging: lists are `{items, nextCursor}`. Most are ordered by a key that never changes; some as the caller says.

use std::{collections::HashMap, hash::Hash};

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

/// How a list is ordered: by what, and whether from the greatest down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub by: &'static str,
    pub down: bool,
}

impl Order {
    pub const fn up(by: &'static str) -> Self {
        Self { by, down: false }
    }

    pub const fn down(by: &'static str) -> Self {
        Self { by, down: true }
    }
}

/// Where a page ended: what its last item is ordered by, as a text that sorts like it, and its id among equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: String,
    pub id: String,
}

/// What a client asked for of a list that it may order.
#[derive(Clone, Debug)]
pub struct OrderedRequest {
    /// At most this many items, 1 to 200.
    pub limit: i64,
    pub order: Order,
    /// Only items after this place.
    pub after: Option<Place>,
}

impl OrderedRequest {
    /// The same as SQL takes it: key and id of the place, if there is one.
    pub fn after(&self) -> (Option<&str>, Option<&str>) {
        self.after.as_ref().map(|place| (place.key.as_str(), place.id.as_str())).unzip()
    }

    /// Cuts places, which were read with `limit + 1`, to a page of their ids.
    pub fn cut(&self, mut places: Vec<Place>) -> Page<String> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let more = places.len() > limit;
        places.truncate(limit);
        let last = if more { places.last().map(|place| self.cursor(place)) } else { None };
        Page { items: places.into_iter().map(|place| place.id).collect(), next_cursor: last }
    }

    /// Cuts items, which were read with `limit + 1`, to a page; they are ordered by a number of their own.
    pub fn cut_numbered<T>(&self, items: Vec<T>, number: impl Fn(&T) -> i64) -> Page<T> {
        let request = PageRequest { limit: self.limit, after: None };
        Page::cut(items, &request, |item| {
            let number = number(item).to_string();
            self.cursor(&Place { key: number.clone(), id: number })
        })
    }

    fn cursor(&self, place: &Place) -> String {
        serde_json::json!([self.order.by, self.order.down, place.key, place.id]).to_string()
    }

    /// The place in a cursor; `None` when it is of another order, or no cursor at all.
    pub fn place(order: Order, cursor: &str) -> Option<Place> {
        let (by, down, key, id): (String, bool, String, String) = serde_json::from_str(cursor).ok()?;
        (by == order.by && down == order.down).then_some(Place { key, id })
    }
}

/// Items in the order of their ids; those without an item are left out.
pub fn in_order<T, K: Eq + Hash>(ids: &[K], items: Vec<T>, id: impl Fn(&T) -> K) -> Vec<T> {
    let mut found: HashMap<K, T> = items.into_iter().map(|item| (id(&item), item)).collect();
    ids.iter().filter_map(|id| found.remove(id)).collect()
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
