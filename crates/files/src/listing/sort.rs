//! The order of a listing.

use super::ListingEntry;

/// The column that a listing is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Size,
    Time,
}

/// How a listing is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sorting {
    pub(crate) column: Column,
    pub(crate) descending: bool,
}

impl Column {
    pub(crate) const ALL: [Self; 3] = [Self::Name, Self::Size, Self::Time];

    /// The name in a query.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Time => "time",
        }
    }
}

impl Sorting {
    /// The sorting that a query asks for (`sort=size&order=desc`); by name where it does not, or
    /// asks for something else.
    pub(crate) fn of_query(query: &str) -> Self {
        let value =
            |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        let wanted = value("sort").unwrap_or_default();
        let column = Column::ALL.into_iter().find(|column| column.key() == wanted);
        Self { column: column.unwrap_or(Column::Name), descending: value("order") == Some("desc") }
    }

    /// Folders come first in every order; what is equal is sorted by name, without regard to case
    /// at first.
    pub(crate) fn apply(self, entries: &mut Vec<ListingEntry>) {
        // Folded once for each, not once for each comparison.
        let folded = |entry: &ListingEntry| entry.name().to_lowercase();
        let mut keyed: Vec<(String, ListingEntry)> =
            entries.drain(..).map(|entry| (folded(&entry), entry)).collect();
        keyed.sort_unstable_by(|(a_folded, a), (b_folded, b)| {
            let by_name = || a_folded.cmp(b_folded).then_with(|| a.name.cmp(&b.name));
            let order = match self.column {
                Column::Name => by_name(),
                Column::Size => a.size.cmp(&b.size),
                Column::Time => a.modified.cmp(&b.modified),
            };
            let order = if self.descending { order.reverse() } else { order };
            b.is_folder().cmp(&a.is_folder()).then(order).then_with(by_name)
        });
        entries.extend(keyed.into_iter().map(|(_, entry)| entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let row = |name: &str, size, time| ListingEntry {
            name: name.into(),
            size,
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(time),
        };
        let mut rows = vec![
            row("b", Some(1), 30),
            row("A", Some(3), 10),
            row("a", Some(1), 20),
            row("z", None, 1),
            row("Y", None, 2),
        ];
        Sorting::of_query(query).apply(&mut rows);
        let names: Vec<_> = rows.iter().map(|row| row.name()).collect();
        assert_eq!(names.join(" "), expected, "{query}");
    }

    #[test]
    fn folders_first_then_as_asked() {
        check("", "Y z A a b");
        check("sort=name&order=desc", "z Y b a A");
        check("sort=size", "Y z a b A");
        check("x=1&order=desc&sort=size", "Y z A a b");
        check("sort=time", "z Y A a b");
        check("sort=time&order=desc", "Y z b a A");
        check("sort=<script>&order=up", "Y z A a b");
        check("sortname&resort=size", "Y z A a b");
    }
}
