//! A request as pairs of names and values that can be shown to whoever sent it.

use std::borrow::Cow;

use pauper::Request;

/// Names of headers that hold secrets, or parts of such names.
const SECRET: [&str; 6] = ["cookie", "authorization", "token", "secret", "password", "api-key"];

/// What does not stand in headers: method, target, version and the client's address.
pub(super) fn head(req: &Request) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let pairs: [(&str, Cow<'_, str>); 4] = [
        ("method", req.method().as_str().into()),
        ("target", req.target().into()),
        ("version", format!("{:?}", req.version()).into()),
        ("peer", req.peer().to_string().into()),
    ];
    pairs.into_iter().map(|(name, value)| (name.into(), value))
}

/// The headers in their order, without the values of secret ones: a page is easily shown around.
pub(super) fn headers(req: &Request) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    req.head().headers().map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        let value = if SECRET.iter().any(|secret| lower.contains(secret)) {
            format!("(hidden, {} bytes)", value.len()).into()
        } else {
            String::from_utf8_lossy(value)
        };
        (Cow::Borrowed(name), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: &str) {
        let req = Request::builder().header(name, value).build().unwrap();
        let seen = headers(&req).find(|(found, _)| found == name).unwrap();
        assert_eq!(seen.1, expected, "{name}");
    }

    #[test]
    fn secrets_are_hidden_and_all_else_is_shown() {
        check("Accept", "text/html", "text/html");
        for name in ["Cookie", "AUTHORIZATION", "Proxy-Authorization", "X-CSRF-Token", "X-Api-Key"]
        {
            check(name, "hunter2", "(hidden, 7 bytes)");
        }
    }

    #[test]
    fn the_head_tells_what_was_asked() {
        let req = Request::builder().method("PUT").target("/a?b=c").build().unwrap();
        let seen: Vec<_> = head(&req).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(seen, ["method=PUT", "target=/a?b=c", "version=HTTP/1.1", "peer=-"]);
    }
}
