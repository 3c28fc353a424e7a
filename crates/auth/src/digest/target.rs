//! Whether the `uri` of credentials is what was asked for.

/// Whether `uri` means the target of the request: it is the same text, or one of the two is in
/// absolute form (RFC 9112, section 3.2.2) with the authority of the request and the same path and
/// query. Nothing is decoded and nothing cleaned: what is protected is the text.
pub(crate) fn is_same(uri: &str, target: &str, authority: Option<&str>) -> bool {
    if uri == target {
        return true;
    }
    match (local_part(uri), local_part(target)) {
        (None, None) => false,
        // Two absolute forms that differ at most in the case of scheme and host.
        (Some((_, one)), Some((_, other))) => {
            one == other && authority.is_some_and(|authority| names(uri, authority))
        }
        (Some((_, local)), None) => {
            local == target && authority.is_some_and(|authority| names(uri, authority))
        }
        (None, Some((_, local))) => uri == local,
    }
}

/// The authority, and path and query, of a target in absolute form.
fn local_part(target: &str) -> Option<(&str, &str)> {
    let rest = ["http://", "https://"].iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    })?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let local = &rest[end..];
    Some((&rest[..end], if local.is_empty() { "/" } else { local }))
}

fn names(target: &str, authority: &str) -> bool {
    local_part(target).is_some_and(|(named, _)| named.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_is_exactly_the_target() {
        let host = Some("example.org:8080");
        for (uri, target, same) in [
            ("/", "/", true),
            ("/a?b=c", "/a?b=c", true),
            ("*", "*", true),
            ("http://example.org:8080/a?b", "/a?b", true),
            ("HTTP://Example.ORG:8080/a", "/a", true),
            ("http://example.org:8080", "/", true),
            ("/a?b", "http://example.org:8080/a?b", true),
            ("http://EXAMPLE.org:8080/a", "http://example.org:8080/a", true),
            // What ends with the target is not the target.
            ("/secret/admin", "/admin", false),
            ("http://example.org:8080/secret/admin", "/admin", false),
            ("http://other.org/a", "/a", false),
            ("http://example.org/a", "/a", false),
            ("http://example.org:8080@evil/a", "/a", false),
            ("ftp://example.org:8080/a", "/a", false),
            ("/a", "/a?b", false),
            ("/a?", "/a", false),
            ("/%61", "/a", false),
            ("/a/", "/a", false),
            ("//a", "/a", false),
            ("/a#b", "/a", false),
            ("/A", "/a", false),
            ("", "/", false),
            ("é", "/", false),
        ] {
            assert_eq!(is_same(uri, target, host), same, "{uri} for {target}");
        }
        assert!(!is_same("http://example.org/a", "/a", None));
    }
}
