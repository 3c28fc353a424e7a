//! The pages that Pauper shows of its own: errors, listings, the demo. One style sheet, one frame.
//!
//! The style sheet stands in the page itself and is allowed by its hash, so a page makes no
//! request of any kind and carries a strict Content-Security-Policy.

use std::borrow::Cow;

use pauper_iolist::IoList;

use crate::body::Body;
use crate::response::Response;

/// The style sheet of all pages.
pub const STYLE: &str = include_str!("page.css");

/// The policy that every page is sent with: nothing from anywhere, but the one style sheet, images
/// of its own, and forms to itself.
pub const POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    include_str!("page.css.sha256"),
    "'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
);

/// Text as it can stand in HTML, between tags and in quoted attributes: `&`, `<`, `>`, `"` and
/// `'` are escaped. Borrowed when there are none.
pub fn escape(text: &str) -> Cow<'_, str> {
    let special = |byte: u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    if !text.bytes().any(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A page: a title, and the HTML of its `header`, `main` and `footer`.
///
/// ```
/// use pauper_message::page::Page;
///
/// let response = Page::new("Hello & welcome").html("<p>Nothing here yet.").into_response();
/// assert_eq!(response.status(), 200);
/// ```
///
/// The style sheet knows the elements of HTML, and these classes:
///
/// | class | on | what it does |
/// |---|---|---|
/// | `n` | `th`, `td` | a number or time: to the right, digits of one width, in one line |
/// | `mono` | anything | paths, headers, names of code |
/// | `dim` | anything | small and quiet, as captions and footers are |
/// | `ok`, `warn`, `bad` | a word or sign | its colour, never instead of the word |
/// | `wide` | a `div` around a table | scrolls sideways by itself on a small screen |
/// | `card` | a `section` | `h2` above; then two columns, one above the other on a phone |
#[derive(Debug)]
pub struct Page {
    title: String,
    header: IoList,
    main: IoList,
    footer: IoList,
}

impl Page {
    /// A page of this title, which stands in the tab and, unless the page has a header of its own,
    /// as its `h1`.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            header: IoList::new(),
            main: IoList::new(),
            footer: IoList::new(),
        }
    }

    /// Adds HTML to the `header`, in place of the `h1` made of the title.
    #[must_use]
    pub fn header(mut self, html: impl Into<IoList>) -> Self {
        self.header.append(html.into());
        self
    }

    /// Adds HTML to `main`, as it is.
    #[must_use]
    pub fn html(mut self, html: impl Into<IoList>) -> Self {
        self.main.append(html.into());
        self
    }

    /// Adds text to `main`, escaped.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.main.push_str(&escape(text));
        self
    }

    /// Adds HTML to the `footer`, as it is; a page without any has no footer.
    #[must_use]
    pub fn footer(mut self, html: impl Into<IoList>) -> Self {
        self.footer.append(html.into());
        self
    }

    /// The page as a response, with its policy.
    pub fn into_response(self) -> Response {
        let (mut html, rest) = self.halves();
        html.append(rest);
        with_policy(Response::html(html))
    }

    /// The page as a response whose `main` ends with pieces of HTML that are made while it is sent,
    /// as they are: for long tables, which then never stand in memory as a whole.
    ///
    /// ```
    /// use pauper_message::page::Page;
    ///
    /// let rows = (0..100_000).map(|number| format!("<li>{number}\n"));
    /// let response = Page::new("Numbers").html("<ol>").into_stream(rows);
    /// assert_eq!(response.body().len(), None);
    /// ```
    pub fn into_stream<I>(self, pieces: I) -> Response
    where
        I: IntoIterator,
        I::Item: Into<IoList> + 'static,
        I::IntoIter: Send + 'static,
    {
        let (begin, end) = self.halves();
        let pieces = pieces.into_iter().map(Into::into);
        let all = std::iter::once(begin).chain(pieces).chain(std::iter::once(end));
        with_policy(Response::html("").with_body(Body::pieces(all.map(Ok), None)))
    }

    /// What stands before and behind the place where more of `main` may follow.
    fn halves(self) -> (IoList, IoList) {
        let title = escape(&self.title);
        let mut html = IoList::new();
        html.push_static(
            b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
              <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
              <meta name=\"color-scheme\" content=\"light dark\">\n\
              <link rel=\"icon\" href=\"data:,\">\n<title>",
        );
        html.push_str(&title);
        html.push_static(b"</title>\n<style>");
        html.push_static(STYLE.as_bytes());
        html.push_static(b"</style>\n</head>\n<body>\n<header>\n");
        if self.header.is_empty() {
            html.push_static(b"<h1>");
            html.push_str(&title);
            html.push_static(b"</h1>");
        } else {
            html.append(self.header);
        }
        html.push_static(b"\n</header>\n<main>\n");
        html.append(self.main);
        let mut rest = IoList::from("\n</main>\n");
        if !self.footer.is_empty() {
            rest.push_static(b"<footer>\n");
            rest.append(self.footer);
            rest.push_static(b"\n</footer>\n");
        }
        rest.push_static(b"</body>\n</html>\n");
        (html, rest)
    }
}

fn with_policy(response: Response) -> Response {
    response
        .with_header("content-security-policy", POLICY)
        .with_header("x-content-type-options", "nosniff")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_html_is_escaped() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert!(matches!(escape("plain ä"), Cow::Borrowed(_)));
    }

    fn html_of(page: Page) -> String {
        let bytes = page.into_response().into_parts().unwrap().body.into_bytes(1 << 20).unwrap();
        String::from_utf8(bytes.into()).unwrap()
    }

    #[test]
    fn landmarks_stand_in_their_order() {
        let plain = html_of(Page::new("T").html("<p>a"));
        assert!(plain.contains("<header>\n<h1>T</h1>\n</header>\n<main>\n<p>a\n</main>"));
        assert!(!plain.contains("<footer>"), "{plain}");
        let full = html_of(Page::new("T").footer("f").html("m").header("<h1>H</h1>"));
        let at = |text: &str| full.find(text).unwrap();
        assert!(at("<h1>H</h1>") < at("<main>\nm") && at("</main>") < at("<footer>\nf"));
        assert_eq!(full.matches("<h1>").count(), 1);
    }

    #[test]
    fn a_streamed_page_is_the_same_page() {
        let whole = html_of(Page::new("T").html("<p>a").html("<p>b").footer("f"));
        let response = Page::new("T").html("<p>a").footer("f").into_stream(["<p>b"]);
        assert_eq!(response.headers().get("content-security-policy").unwrap(), POLICY);
        let bytes = response.into_parts().unwrap().body.into_bytes(1 << 20).unwrap();
        assert_eq!(whole, String::from_utf8(bytes.into()).unwrap());
    }

    #[test]
    fn the_title_is_escaped_in_both_places() {
        let html = html_of(Page::new("<b>").text("<i>"));
        assert!(!html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert_eq!(html.matches("&lt;b&gt;").count(), 2);
    }

    #[test]
    fn the_hash_in_the_policy_is_that_of_the_style_sheet() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE));
        assert_eq!(include_str!("page.css.sha256"), hash, "write it to src/page.css.sha256");
        assert!(STYLE.len() < 4096, "the style sheet stays under 4 KiB");
    }
}
