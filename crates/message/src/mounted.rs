//! Where a request is in an application made of parts: below a mount, with what its route says of
//! itself, and the ways to other URLs.

use std::borrow::Cow;
use std::sync::Arc;

use pauper_fields::percent;

use crate::extensions::States;
use crate::request::Request;

/// How much of the routing path is the mount's.
struct Mounted(usize);

/// The values that a route was given at registration.
struct RouteValues(Arc<States>);

impl Request {
    /// Tells the request that it is answered below a mount, whose path is the first `end` bytes of
    /// [`routing_path`](Self::routing_path). For routers.
    pub fn set_mount(&mut self, end: usize) {
        self.extensions_mut().insert(Mounted(end));
    }

    /// The path of the mount that answers this request, in the form of
    /// [`routing_path`](Self::routing_path); empty when it is not below a mount.
    pub fn mount_path(&self) -> &str {
        if self.extensions().is_empty() {
            return "";
        }
        let end = self.extensions().get::<Mounted>().map_or(0, |mounted| mounted.0);
        self.routing_path().get(..end).unwrap_or_default()
    }

    /// What is left of the path below the mount, in the form of
    /// [`routing_path`](Self::routing_path); the whole path when there is no mount.
    pub fn suffix(&self) -> &str {
        self.routing_path().get(self.mount_path().len()..).unwrap_or_default()
    }

    /// The parts of the path between slashes, decoded after they were divided, so that an escaped
    /// slash divides nothing: one empty part for `/`, `a` and an empty one for `/a/`.
    pub fn segments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        segments(self.routing_path())
    }

    /// The parts of [`suffix`](Self::suffix), decoded; none when nothing is left.
    pub fn suffix_segments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let suffix = self.suffix();
        segments(suffix).take(if suffix.is_empty() { 0 } else { usize::MAX })
    }

    /// The URL of a path below the mount, or below the root when there is no mount: as
    /// [`root_url`], with the mount's path in front.
    pub fn mount_url(&self, segments: &[&str], query: &[(&str, &str)]) -> String {
        let mut mount = String::new();
        for segment in self::segments(self.mount_path().trim_end_matches('/')) {
            mount.push('/');
            mount.push_str(&percent::encode_path_segment(&segment).to_string());
        }
        let mount = mount.strip_suffix('/').unwrap_or(&mount);
        format!("{mount}{}", root_url(segments, query))
    }

    /// Gives the request the values of its route. For routers.
    pub fn set_route_values(&mut self, values: Arc<States>) {
        self.extensions_mut().insert(RouteValues(values));
    }

    /// The value of type `T` that the request's route was given at registration, if it was: so a
    /// hook knows that a route needs a login.
    pub fn route_value<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions().get::<RouteValues>()?.0.get()
    }
}

fn segments(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(percent::decode_segment)
}

/// The URL of a path of these parts, with a query of these pairs, everything percent-encoded. An
/// empty part at the end makes a slash there; no parts are the root.
///
/// ```
/// use pauper_message::root_url;
///
/// assert_eq!(root_url(&["a b", "c/d"], &[("q", "x&y")]), "/a%20b/c%2Fd?q=x%26y");
/// assert_eq!(root_url(&["a", ""], &[]), "/a/");
/// assert_eq!(root_url(&[], &[]), "/");
/// ```
pub fn root_url(segments: &[&str], query: &[(&str, &str)]) -> String {
    let mut url = String::new();
    for segment in segments {
        url.push('/');
        url.push_str(&percent::encode_path_segment(segment).to_string());
    }
    if segments.is_empty() {
        url.push('/');
    }
    for (index, (name, value)) in query.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(&percent::encode_query_component(name).to_string());
        url.push('=');
        url.push_str(&percent::encode_query_component(value).to_string());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request::builder().target(target).build().unwrap()
    }

    #[test]
    fn segments_are_divided_before_they_are_decoded() {
        for (target, expected) in [
            ("/", vec![""]),
            ("/a/b", vec!["a", "b"]),
            ("/a/", vec!["a", ""]),
            ("/a%2Fb/%C3%A4?c/d", vec!["a/b", "ä"]),
            ("/%2525", vec!["%25"]),
        ] {
            let req = request(target);
            assert_eq!(req.segments().collect::<Vec<_>>(), expected, "{target}");
        }
    }

    #[test]
    fn a_mount_divides_the_path() {
        let mut req = request("/%C3%A4/x%2Fy/z");
        assert_eq!((req.mount_path(), req.suffix()), ("", "/ä/x%2Fy/z"));
        assert_eq!(req.mount_url(&["n"], &[]), "/n");
        req.set_mount("/ä".len());
        assert_eq!((req.mount_path(), req.suffix()), ("/ä", "/x%2Fy/z"));
        assert_eq!(req.suffix_segments().collect::<Vec<_>>(), ["x/y", "z"]);
        assert_eq!(req.mount_url(&["n", ""], &[("q", "1")]), "/%C3%A4/n/?q=1");
        req.set_mount("/ä/x%2Fy/z".len());
        assert_eq!((req.suffix(), req.suffix_segments().count()), ("", 0));
        req.set_mount("/ä/".len());
        assert_eq!(req.mount_url(&["n"], &[]), "/%C3%A4/n");
    }

    #[test]
    fn a_route_has_values_by_type() {
        let mut req = request("/");
        assert_eq!(req.route_value::<u8>(), None);
        let mut values = States::default();
        values.insert(7_u8);
        req.set_route_values(Arc::new(values));
        assert_eq!(req.route_value::<u8>(), Some(&7));
    }
}
