//! The cards of the first page: what runs on each of them.

use pauper::fields::percent::{encode_path_segment, encode_query_component};
use pauper::message::page::escape;

use super::ask;
use super::page::{Context, Files, exchange};
use super::seen;

/// A feature, running, with its source.
pub(super) struct Card {
    /// The name of its source's markers, and of its place on the page.
    pub(super) section: &'static str,
    pub(super) title: &'static str,
    /// Makes the HTML of what runs.
    pub(super) live: fn(&Context<'_>) -> String,
}

/// All of them, in order.
pub(super) const CARDS: [Card; 9] = [
    Card { section: "hello", title: "A whole program, and what it answers", live: hello },
    Card { section: "path", title: "Typed path arguments", live: path },
    Card { section: "query", title: "Query arguments", live: query },
    Card { section: "form", title: "A form", live: form },
    Card { section: "upload", title: "Uploads", live: upload },
    Card { section: "json", title: "JSON, both ways", live: json },
    Card { section: "request", title: "The request as the server saw it", live: request },
    Card { section: "errors", title: "When something goes wrong", live: errors },
    Card { section: "files", title: "Files and folders", live: files },
];

/// A field of the page's own query, or what stands for it as long as nobody filled it in.
fn field<'r>(context: &Context<'r>, name: &str, default: &'static str) -> &'r str {
    let args = context.req.args().ok();
    args.and_then(|args| args.get(name)).filter(|value| !value.is_empty()).unwrap_or(default)
}

/// Asks for a path of the demo, and shows it.
fn ask(context: &Context<'_>, path: &str) -> String {
    let target = format!("{}/{path}", context.prefix);
    exchange("GET", Some(path), &target, &ask::get(context.app, &target))
}

/// A labelled field of a form.
fn input(name: &str, label: &str, value: &str) -> String {
    format!(
        "<label for=\"{name}\">{label}</label>\n\
         <input id=\"{name}\" name=\"{name}\" value=\"{}\" maxlength=\"40\" autocomplete=\"off\">\n",
        escape(value)
    )
}

/// A form whose answer is on this page, at the card it belongs to.
fn form_here(section: &str, inputs: &str, button: &str) -> String {
    format!("<form action=\"./#{section}\">\n{inputs}<button>{button}</button>\n</form>\n")
}

fn hello(context: &Context<'_>) -> String {
    let name = field(context, "name", "world");
    let form = form_here("hello", &input("name", "Your name", name), "Say hello");
    form + &ask(context, &format!("hello/{}", encode_path_segment(name)))
}

fn path(context: &Context<'_>) -> String {
    let mut html = String::from(
        "<p>Arguments come as the types that the function takes. What does not fit a type is not \
         found.</p>\n",
    );
    for path in ["birthday/Ada/36", "birthday/Ada/256"] {
        html += &ask(context, path);
    }
    html
}

fn query(context: &Context<'_>) -> String {
    let (metal, count) = (field(context, "metal", "copper"), field(context, "count", "3"));
    let inputs = input("metal", "Metal", metal) + &input("count", "How many", count);
    let (metal, count) = (encode_query_component(metal), encode_query_component(count));
    form_here("query", &inputs, "Order")
        + &ask(context, &format!("pots?metal={metal}&count={count}"))
}

fn form(_: &Context<'_>) -> String {
    "<form action=\"form\" method=\"post\">\n\
     <label for=\"dish\">Dish</label>\n\
     <input id=\"dish\" name=\"dish\" value=\"Fish &amp; chips\" autocomplete=\"off\">\n\
     <label for=\"wish\">Wish</label>\n\
     <textarea id=\"wish\" name=\"wish\">&lt;b&gt;No&lt;/b&gt; vinegar</textarea>\n\
     <button>Send</button>\n\
     </form>\n"
        .to_owned()
}

fn upload(_: &Context<'_>) -> String {
    "<p>Files are parsed while they arrive: a large one never stands in memory, and the function is \
     called when all of it is there. Meanwhile other requests can ask how far it is.</p>\n\
     <p><a href=\"upload\">Upload something, with a progress bar</a></p>\n"
        .to_owned()
}

fn json(context: &Context<'_>) -> String {
    const BODY: &str = r#"{"pots": 3}"#;
    let target = format!("{}/json", context.prefix);
    let posted = ask::post_json(context.app, &target, BODY);
    let host = context.req.authority().unwrap_or("127.0.0.1:8080");
    let command = format!(
        "curl -d '{BODY}' \\\n  -H 'Content-Type: application/json' \\\n  http://{host}{target}"
    );
    format!(
        "{}<pre><code>{}</code></pre>\n{}",
        ask(context, "json"),
        escape(&command),
        exchange("POST", None, &target, &posted)
    )
}

fn request(context: &Context<'_>) -> String {
    let mut rows = String::new();
    for (name, value) in seen::head(context.req) {
        rows += &format!("<tr><th scope=\"row\">{name}<td>{}\n", escape(&value));
    }
    format!(
        "<table class=\"mono\"><caption>Your request for this page</caption>\n{rows}</table>\n\
         <p><a href=\"request\">With all its headers</a></p>\n"
    )
}

fn errors(context: &Context<'_>) -> String {
    let mut html = String::from(
        "<p>The visitor reads a page, a program gets JSON or text, the log gets the cause with \
         file and line.</p>\n<ul>\n",
    );
    for (path, text) in [
        ("nothing/here", "a path that leads nowhere"),
        ("form", "GET where only POST is"),
        ("fails", "an error that nobody expected"),
        ("panics", "a panic, which ends the request and nothing else"),
    ] {
        html += &format!("<li><a href=\"{path}\">{text}</a></li>\n");
    }
    html += "</ul>\n";
    html + &ask(context, "nothing/here")
}

fn files(context: &Context<'_>) -> String {
    let start =
        |text: &str| format!("<p>{text}</p>\n<pre><code>poorhttp --root . --index</code></pre>\n");
    match context.files {
        Files::Listed => "<p><a href=\"/\">The folder of <code>--root</code></a> is served beside \
                          this page: types, ranges, conditional requests, listings.</p>\n"
            .to_owned(),
        Files::Unlisted => start(
            "The folder of <code>--root</code> is served at <a href=\"/\">/</a>. To have its \
             folders listed:",
        ),
        Files::None => start(
            "No folder is served now. To have one at <code>/</code>, and this page at \
             <code>/_demo/</code>:",
        ),
    }
}
