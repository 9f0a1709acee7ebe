//! One page of a list.

/// Some items in order, and the first one behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, at most as many as were asked for.
    pub items: Vec<T>,
    /// The item that the next page begins with; none where this page is the last.
    pub beyond: Option<T>,
}

impl<T> Page<T> {
    /// A page out of one row more than was asked for.
    pub(crate) fn cut(mut items: Vec<T>, limit: u16) -> Self {
        let beyond = items.split_off(items.len().min(usize::from(limit))).pop();
        Self { items, beyond }
    }

    /// How many rows to fetch for a page of `limit`.
    pub(crate) fn fetch(limit: u16) -> i64 {
        i64::from(limit) + 1
    }

    /// The page of what its items become.
    pub fn map<U>(self, mut each: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(&mut each).collect();
        Page { items, beyond: self.beyond.map(each) }
    }
}
