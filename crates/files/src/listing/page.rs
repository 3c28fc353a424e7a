//! A listing as a page.

use std::fmt::Write as _;

use pauper_message::Response;
use pauper_message::page::{Page, escape};

use super::format::{Utc, grouped, size};
use super::sort::{Column, Sorting};
use super::{AT_A_TIME, Listing, ListingEntry, STREAMED};
use crate::escape::Segment;

/// The page of a folder.
pub(crate) fn response(listing: Listing) -> Response {
    let parent = listing.has_parent();
    let Listing { names, mounted, entries, sorting } = listing;
    let mut title = String::from("Index of /");
    for name in &names {
        let _ = write!(title, "{}/", text(name));
    }
    let heading = escape(&title);
    let header = format!("{}<h1>{heading}</h1>", crumbs(&names, mounted));
    let page = Page::new(title.as_str()).header(header);
    let mut html = String::new();
    if entries.is_empty() {
        html.push_str("<p>This folder is empty.</p>\n");
        if parent {
            html.push_str("<p><a href=\"../\">Parent folder</a></p>");
        }
        return page.html(html).into_response();
    }
    begin(&mut html, &entries, sorting, parent);
    if entries.len() < STREAMED {
        push_rows(&mut html, &entries);
        html.push_str(END);
        return page.html(html).into_response();
    }
    let mut entries = entries.into_iter();
    let rows = std::iter::from_fn(move || {
        let some: Vec<ListingEntry> = entries.by_ref().take(AT_A_TIME).collect();
        let mut html = String::new();
        push_rows(&mut html, &some);
        (!some.is_empty()).then_some(html)
    });
    page.html(html).into_stream(rows.chain(std::iter::once(END.to_owned())))
}

const END: &str = "</tbody>\n</table>";

/// A name as text. Bytes that are not UTF-8 are shown as U+FFFD, and so are controls and what turns
/// the direction of writing around: `exe.fdp` is not to be read as `pdf.exe`.
fn text(name: &[u8]) -> String {
    let harmless = |c: char| {
        let turns = matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if turns || c.is_control() { '\u{fffd}' } else { c }
    };
    String::from_utf8_lossy(name).chars().map(harmless).collect()
}

/// The way from the root to this folder, each step but the last a link.
fn crumbs(names: &[Vec<u8>], mounted: usize) -> String {
    let mut out = String::from("<nav class=\"mono\" aria-label=\"Path\">");
    let mut path = String::from("/");
    for name in &names[..mounted] {
        let _ = write!(path, "{}/", Segment(name));
    }
    let root: String = names[..mounted].iter().map(|name| format!("{}/", text(name))).collect();
    let mut label = format!("/{root}");
    for name in &names[mounted..] {
        let _ = write!(out, "<a href=\"{path}\"><bdi>{}</bdi></a> ", escape(&label));
        let _ = write!(path, "{}/", Segment(name));
        label = format!("{}/", text(name));
    }
    let _ = write!(out, "<span aria-current=\"page\"><bdi>{}</bdi></span>", escape(&label));
    out.push_str("</nav>\n");
    out
}

/// The table down to its first row.
fn begin(out: &mut String, rows: &[ListingEntry], sorting: Sorting, parent: bool) {
    out.push_str("<table>\n<caption>");
    out.push_str(&summary(rows));
    out.push_str("</caption>\n<thead><tr>");
    for column in Column::ALL {
        head(out, column, sorting);
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    if parent {
        out.push_str(
            "<tr><td><span class=\"mono\" aria-hidden=\"true\">↑\u{a0}</span><a href=\"../\">Parent folder</a></td>\
             <td></td><td></td></tr>\n",
        );
    }
}

fn push_rows(out: &mut String, rows: &[ListingEntry]) {
    for row in rows {
        let (sign, slash) = if row.is_folder() { ("▸", "/") } else { ("·", "") };
        let _ = write!(
            out,
            "<tr><td><span class=\"mono\" aria-hidden=\"true\">{sign}\u{a0}</span>\
             <a href=\"{}{slash}\"><bdi>{}{slash}</bdi></a></td>",
            Segment(&row.name),
            escape(&text(&row.name))
        );
        match row.size {
            Some(bytes) => {
                let exact = if bytes == 1 { "1 byte".into() } else { grouped(bytes) + " bytes" };
                let _ = write!(out, "<td class=\"n\" title=\"{exact}\">{}</td>", size(bytes));
            }
            None => out.push_str("<td></td>"),
        }
        let Utc { date, time } = Utc::of(row.modified);
        let _ = writeln!(
            out,
            "<td class=\"n\"><time datetime=\"{date}T{time}Z\" title=\"{date} {time} UTC\">\
             {date} <span>{} UTC</span></time></td></tr>",
            &time[..5]
        );
    }
}

/// The head of a column, a link that sorts by it; the one that is sorted by turns around.
fn head(out: &mut String, column: Column, sorting: Sorting) {
    let (title, class) = match column {
        Column::Name => ("Name", ""),
        Column::Size => ("Size", " class=\"n\""),
        Column::Time => ("Modified", " class=\"n\""),
    };
    let active = column == sorting.column;
    let (aria, arrow) = match (active, sorting.descending) {
        (false, _) => ("", ""),
        (true, false) => (" aria-sort=\"ascending\"", "\u{a0}↑"),
        (true, true) => (" aria-sort=\"descending\"", "\u{a0}↓"),
    };
    let order = if active && !sorting.descending { "desc" } else { "asc" };
    let _ = write!(
        out,
        "<th scope=\"col\"{class}{aria}><a href=\"?sort={}&amp;order={order}\">{title}</a>\
         <span aria-hidden=\"true\">{arrow}</span></th>",
        column.key()
    );
}

/// `2 folders, 1 file, 1.5 KiB`.
fn summary(rows: &[ListingEntry]) -> String {
    let folders = rows.iter().filter(|row| row.is_folder()).count();
    let files = rows.len() - folders;
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", grouped(number as u64)),
    };
    let mut parts = Vec::new();
    if folders > 0 {
        parts.push(count(folders, "folder"));
    }
    if files > 0 {
        parts.push(count(files, "file"));
        parts.push(size(rows.iter().filter_map(|row| row.size).fold(0, u64::saturating_add)));
    }
    parts.join(", ")
}
