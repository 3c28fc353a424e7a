//! The order of a listing.

use std::cmp::Ordering;

use super::Row;

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

    /// Folders come first in every order; what is equal is sorted by name.
    pub(crate) fn apply(self, rows: &mut [Row]) {
        rows.sort_by(|a, b| {
            let order = match self.column {
                Column::Name => by_name(a, b),
                Column::Size => a.size.cmp(&b.size),
                Column::Time => a.modified.cmp(&b.modified),
            };
            let order = if self.descending { order.reverse() } else { order };
            b.is_folder().cmp(&a.is_folder()).then(order).then_with(|| by_name(a, b))
        });
    }
}

/// Without regard to case at first.
fn by_name(a: &Row, b: &Row) -> Ordering {
    let folded = |row: &Row| String::from_utf8_lossy(&row.name).to_lowercase();
    folded(a).cmp(&folded(b)).then_with(|| a.name.cmp(&b.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let row = |name: &str, size, time| Row {
            name: name.into(),
            size,
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(time),
        };
        let mut rows = [
            row("b", Some(1), 30),
            row("A", Some(3), 10),
            row("a", Some(1), 20),
            row("z", None, 1),
            row("Y", None, 2),
        ];
        Sorting::of_query(query).apply(&mut rows);
        let names: Vec<_> = rows.iter().map(|row| String::from_utf8_lossy(&row.name)).collect();
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
