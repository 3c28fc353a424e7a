//! What attributes mean to a browser.

/// What a value may do in an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Text.
    Plain,
    /// Where something is; code if its scheme says so.
    Url {
        /// What is shown from there is a picture, sound or film.
        media: bool,
    },
    /// `content` of a `<meta>`, a URL if the element has `http-equiv` as well.
    MetaContent,
    /// `http-equiv`, which says what `content` means.
    HttpEquiv,
    /// `type` of a `<script>`, which says what the content means.
    ScriptType,
    /// Code; values are refused, for this reason.
    Refused(&'static str),
}

const URLS: &[&str] = &[
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "icon",
    "imagesrcset",
    "longdesc",
    "lowsrc",
    "manifest",
    "ping",
    "poster",
    "profile",
    "src",
    "srcset",
    "usemap",
];

/// Elements whose URLs are pictures, sounds or films.
const MEDIA: &[&str] = &["audio", "img", "image", "input", "source", "track", "video"];

const ANIMATIONS: &[&str] =
    &["animate", "animatecolor", "animatemotion", "animatetransform", "set"];

/// Of names in lower case.
pub(crate) fn meaning(element: &str, name: &str) -> Meaning {
    // Scripts that fill attributes from `data-` ones are common.
    let bare = name.strip_prefix("data-").unwrap_or(name);
    let bare = bare.strip_prefix("xlink:").unwrap_or(bare);
    match bare {
        "style" => Meaning::Refused("styles"),
        "srcdoc" => Meaning::Refused("a page within an attribute"),
        "content" if element == "meta" => Meaning::MetaContent,
        "http-equiv" if element == "meta" => Meaning::HttpEquiv,
        "type" if element == "script" => Meaning::ScriptType,
        "attributename" | "by" | "from" | "to" | "values" if ANIMATIONS.contains(&element) => {
            Meaning::Refused("animated attributes")
        }
        _ if is_event(name) => Meaning::Refused("event attributes, which are scripts"),
        _ if URLS.contains(&bare) || bare.ends_with(":href") => {
            let media = MEDIA.contains(&element)
                && matches!(bare, "src" | "srcset" | "poster" | "href" | "dynsrc" | "lowsrc");
            Meaning::Url { media }
        }
        _ => Meaning::Plain,
    }
}

/// Those of HTML, and the ways in which client libraries write theirs.
fn is_event(name: &str) -> bool {
    let name = name.strip_prefix("data-hx-").or(name.strip_prefix("hx-")).unwrap_or(name);
    name.starts_with("on")
        || name.starts_with('@')
        || name.starts_with("x-on:")
        || name.starts_with("v-on:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(element: &str, name: &str, expected: Meaning) {
        assert_eq!(meaning(element, name), expected, "{element} {name}");
    }

    #[test]
    fn attributes_mean_what_browsers_think() {
        let events = Meaning::Refused("event attributes, which are scripts");
        for name in ["onclick", "onmouseover", "@click", "x-on:click", "v-on:x", "hx-on:click"] {
            check("p", name, events);
        }
        let url = Meaning::Url { media: false };
        check("a", "href", url);
        check("a", "data-href", url);
        check("a", "xlink:href", url);
        check("a", "foo:href", url);
        check("form", "action", url);
        check("button", "formaction", url);
        check("iframe", "src", url);
        check("object", "data", url);
        check("img", "src", Meaning::Url { media: true });
        check("video", "poster", Meaning::Url { media: true });
        check("p", "class", Meaning::Plain);
        check("p", "data-once", Meaning::Plain);
        check("meta", "content", Meaning::MetaContent);
        check("p", "content", Meaning::Plain);
        check("animate", "to", Meaning::Refused("animated attributes"));
        check("p", "style", Meaning::Refused("styles"));
        check("iframe", "srcdoc", Meaning::Refused("a page within an attribute"));
        check("script", "type", Meaning::ScriptType);
        check("input", "type", Meaning::Plain);
    }
}
