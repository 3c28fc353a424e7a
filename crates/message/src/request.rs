//! A request: its own head and body, and lazy views of them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::str::{self, FromStr};
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use pauper_fields::{Args, FieldStorage};
use pauper_wire::{Head, HeaderSpan, Version};

use crate::error::{Error, abort};
use crate::extensions::{Extensions, States};
use crate::request_body::{BodyReader, RequestBody};
use crate::server_info::ServerInfo;
use crate::tls_info::TlsInfo;

/// The head of a request as the server read it: the bytes of this message alone, the table of its
/// headers, and the verdict of the parser on them.
#[derive(Clone, Debug)]
pub struct OwnedHead {
    /// The bytes of the head, from its first to the empty line that ends it, and no others.
    pub bytes: Vec<u8>,
    /// Where the headers stand in `bytes`; may be longer than there are headers.
    pub slots: Vec<HeaderSpan>,
    /// The parsed head.
    pub head: pauper_wire::RequestHead,
}

/// The two ends of the connection that a request came by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// The client's address; none where there is no such thing (a Unix socket, a test).
    pub remote: Option<SocketAddr>,
    /// The server's own address.
    pub local: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

impl Peer {
    /// A plain connection between two addresses.
    pub fn new(remote: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { remote, local, secure: false }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.remote {
            Some(address) => address.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// A pattern that requests are matched against, shared by all requests that match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The pattern as it was written.
    pub pattern: Box<str>,
    /// The names of its groups, in order.
    pub names: Box<[Box<str>]>,
}

/// The most groups that a pattern can have.
pub const MAX_GROUPS: usize = 16;

#[derive(Clone, Default)]
struct Matched {
    rule: Option<Arc<Rule>>,
    groups: [(u32, u32); MAX_GROUPS],
    count: u8,
}

/// The path of the target. In most requests it is clean and stands in the head; only escapes
/// cost a copy.
enum Path {
    Clean,
    Decoded { whole: Box<str>, routing: Box<str> },
    Bad(pauper_fields::Error),
}

#[derive(Default)]
pub(crate) struct Views {
    headers: OnceCell<Box<HeaderMap>>,
    pub(crate) args: OnceCell<Result<Args, pauper_fields::Error>>,
    pub(crate) form: OnceCell<Result<Args, pauper_fields::Error>>,
    pub(crate) fields: OnceCell<Box<FieldStorage>>,
}

impl Views {
    fn is_empty(&self) -> bool {
        self.headers.get().is_none()
            && self.args.get().is_none()
            && self.form.get().is_none()
            && self.fields.get().is_none()
    }
}

/// A request, owned: it can be kept, swapped, or sent to another thread.
///
/// It holds the bytes of its own message. What is derived from them (decoded arguments, a header
/// map, a form) is made when it is first asked for, by methods that take `&self`.
pub struct Request {
    head: OwnedHead,
    /// The target, as text; and where the path and the query stand in it.
    target: String,
    sent_path: (u32, u32),
    query: Option<(u32, u32)>,
    method: Method,
    path: Path,
    pub(crate) body: RequestBody,
    peer: Peer,
    received: SystemTime,
    id: u64,
    matched: Matched,
    endpoint: u32,
    pub(crate) views: Views,
    extensions: Extensions,
    states: Option<Arc<States>>,
    pub(crate) server_info: Option<Arc<ServerInfo>>,
    pub(crate) tls: Option<Arc<TlsInfo>>,
}

impl Request {
    /// A request of a parsed head, without a body so far.
    ///
    /// `received` is the time at which the head was complete; the request never reads a clock.
    pub fn from_head(head: OwnedHead, peer: Peer, received: SystemTime) -> Self {
        let mut request = Self {
            head,
            target: String::new(),
            sent_path: (0, 0),
            query: None,
            method: Method::GET,
            path: Path::Clean,
            body: RequestBody::empty(),
            peer,
            received,
            id: 0,
            matched: Matched::default(),
            endpoint: 0,
            views: Views::default(),
            extensions: Extensions::new(),
            states: None,
            server_info: None,
            tls: None,
        };
        request.read_head();
        request
    }

    /// A request for nothing in particular, to be filled by [`refill`](Self::refill).
    pub fn blank() -> Self {
        const BLANK: &[u8] = b"GET / HTTP/1.1\r\nHost:\r\n\r\n";
        let mut slots = vec![HeaderSpan::default(); 1];
        let limits = pauper_wire::Limits::new();
        let mut progress = pauper_wire::Progress::new();
        let parsed = pauper_wire::parse_head(BLANK, &mut progress, &mut slots, &limits);
        let Ok(pauper_wire::Status::Complete(head)) = parsed else { unreachable!("a good head") };
        let head = OwnedHead { bytes: BLANK.to_vec(), slots, head };
        Self::from_head(head, Peer::default(), SystemTime::UNIX_EPOCH)
    }

    /// Becomes the request of another parsed head, in the buffers of the last one.
    ///
    /// `bytes` are those of the head and no others; the table that was parsed into is
    /// [`slots_mut`](Self::slots_mut).
    #[inline]
    pub fn refill(
        &mut self,
        bytes: &[u8],
        head: pauper_wire::RequestHead,
        peer: Peer,
        received: SystemTime,
    ) {
        self.clear();
        self.head.bytes.clear();
        self.head.bytes.extend_from_slice(bytes);
        self.head.head = head;
        self.peer = peer;
        self.received = received;
        self.read_head();
    }

    /// The table for the headers of the next head, with room for `count`; see
    /// [`refill`](Self::refill).
    #[inline]
    pub fn slots_mut(&mut self, count: usize) -> &mut [HeaderSpan] {
        if self.head.slots.len() != count {
            self.head.slots.clear();
            self.head.slots.resize(count, HeaderSpan::default());
        }
        &mut self.head.slots
    }

    /// Whether there is nothing that [`clear`](Self::clear) would have to drop.
    #[inline]
    pub fn is_bare(&self) -> bool {
        self.body.is_nothing()
            && self.extensions.is_empty()
            && self.states.is_none()
            && self.views.is_empty()
    }

    /// Drops everything that came with the message or was put beside it: the body, what was
    /// derived from it, the values of the user. Buffers are kept for the next one.
    ///
    /// What the user put in is dropped here, and may panic.
    pub fn clear(&mut self) {
        self.matched.rule = None;
        self.matched.count = 0;
        self.endpoint = 0;
        self.id = 0;
        if !matches!(self.path, Path::Clean) {
            self.path = Path::Clean;
        }
        if !self.views.is_empty() {
            self.views = Views::default();
        }
        if !self.body.is_nothing() {
            self.body = RequestBody::empty();
        }
        self.states = None;
        // The next one may have come by another connection.
        self.tls = None;
        self.extensions.clear();
    }

    /// Reads off the head what is looked at in nearly every request.
    fn read_head(&mut self) {
        let view = self.head.head.view(&self.head.bytes, &self.head.slots);
        // The parser lets only tokens through, so this is a method. One longer than 15 bytes
        // costs an allocation.
        self.method = match self.head.head.method().of(&self.head.bytes) {
            b"GET" => Method::GET,
            other => Method::from_bytes(other).unwrap_or(Method::GET),
        };
        // A target is text once it is checked here, and looked at more than once.
        self.target.clear();
        self.target.push_str(view.target());
        let from = self.head.head.target().start();
        self.sent_path = within(self.head.head.path(), from);
        self.query = self.head.head.query().map(|query| within(query, from));
        self.path = Path::of(self.part(self.sent_path));
    }

    fn part(&self, (start, end): (u32, u32)) -> &str {
        self.target.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The number of this request, for log lines and for what is shown to a client in place of an
    /// error: no two requests of a server have the same, and one does not tell the next. 0 where
    /// no server gave one.
    #[inline]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Gives the request its number. For servers.
    #[inline]
    pub fn set_id(&mut self, id: u64) {
        self.id = id;
    }

    /// A builder, for tests and for calls without a server.
    pub fn builder() -> crate::RequestBuilder {
        crate::RequestBuilder::default()
    }

    /// Takes the request apart into the buffers that it was made of, for the next one.
    pub fn into_buffers(self) -> (OwnedHead, RequestBody) {
        (self.head, self.body)
    }

    // --- the head -----------------------------------------------------------------------------

    /// The method.
    #[inline]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The protocol version that the client speaks.
    #[inline]
    pub fn version(&self) -> http::Version {
        match self.head.head.version() {
            Version::Http10 => http::Version::HTTP_10,
            Version::Http11 => http::Version::HTTP_11,
        }
    }

    /// The head as the parser saw it, every byte as it was sent.
    pub fn head(&self) -> Head<'_> {
        self.head.head.view(&self.head.bytes, &self.head.slots)
    }

    /// The target as it was sent, undecoded.
    #[inline]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path, percent-decoded once: `/käse` for `/k%C3%A4se`. An escaped slash (`%2F`) is a
    /// slash here; [`arg`](Self::arg) and the router keep it apart from real ones.
    ///
    /// A path that cannot be decoded stands here as it was sent; see
    /// [`path_error`](Self::path_error).
    pub fn path(&self) -> &str {
        match &self.path {
            Path::Decoded { whole, .. } => whole,
            Path::Clean | Path::Bad(_) => self.sent_path(),
        }
    }

    /// The path that routers match: decoded, but for `%2F` and `%25`, which stay, so that an
    /// escaped slash never separates.
    #[inline]
    pub fn routing_path(&self) -> &str {
        match &self.path {
            Path::Decoded { routing, .. } => routing,
            Path::Clean | Path::Bad(_) => self.sent_path(),
        }
    }

    /// The path as it was sent; an absolute target without one means the root (RFC 9112, section
    /// 3.2.2), and so it does for a server that is asked for a tunnel.
    fn sent_path(&self) -> &str {
        match self.part(self.sent_path) {
            "" => "/",
            path => path,
        }
    }

    /// Why the path could not be decoded: an escape that is none, text that is not UTF-8, or a
    /// NUL. An application answers 400.
    pub fn path_error(&self) -> Option<Error> {
        match &self.path {
            Path::Bad(error) => Some(bad_input(StatusCode::BAD_REQUEST, error)),
            _ => None,
        }
    }

    /// The query as it was sent, without the question mark; empty if there is none.
    pub fn query(&self) -> &str {
        self.query.map_or("", |query| self.part(query))
    }

    /// The authority that the client asked for: the host with its port, if it named one. From an
    /// absolute target before the Host header (RFC 9112, section 3.2.2).
    pub fn authority(&self) -> Option<&str> {
        self.head().authority().filter(|authority| !authority.is_empty())
    }

    /// The first value of a header as text; `name` in any case.
    ///
    /// A value that is not UTF-8 counts as absent; [`header_bytes`](Self::header_bytes) has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head().header(name).and_then(|value| str::from_utf8(value).ok())
    }

    /// The first value of a header as bytes; `name` in any case.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.head().header(name)
    }

    /// All values of a header as text, in their order; those that are not UTF-8 are left out.
    pub fn header_all<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.head().header_all(name).filter_map(|value| str::from_utf8(value).ok())
    }

    /// All headers as a map of `http`, made from one copy at the first call.
    ///
    /// To look at a few headers [`header`](Self::header) is cheaper.
    pub fn headers(&self) -> &HeaderMap {
        self.views.headers.get_or_init(|| {
            let head = self.head();
            let mut map = Box::new(HeaderMap::new());
            for (name, value) in head.headers() {
                let name = HeaderName::from_bytes(name.as_bytes());
                let value = HeaderValue::from_bytes(value);
                // The parser admits nothing that these refuse, and far fewer headers than the
                // map can hold.
                if let (Ok(name), Ok(value)) = (name, value) {
                    let _ = map.try_append(name, value);
                }
            }
            map
        })
    }

    /// The two ends of the connection.
    #[inline]
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// When the head was complete.
    #[inline]
    pub fn received(&self) -> SystemTime {
        self.received
    }

    // --- the body -----------------------------------------------------------------------------

    /// The body as it was kept.
    pub fn body(&self) -> &RequestBody {
        &self.body
    }

    /// Gives the request its body; for servers.
    pub fn set_body(&mut self, body: RequestBody) {
        self.body = body;
        self.views.form = OnceCell::new();
        self.views.fields = OnceCell::new();
    }

    /// Takes the body out and leaves an empty one.
    #[inline]
    pub fn take_body(&mut self) -> RequestBody {
        self.views.form = OnceCell::new();
        self.views.fields = OnceCell::new();
        std::mem::take(&mut self.body)
    }

    /// The whole body; one that was kept in a file is read into memory at the first call.
    ///
    /// # Errors
    /// When the file cannot be read, and of a streamed body, which was not kept.
    pub fn bytes(&self) -> io::Result<&[u8]> {
        self.body.bytes()
    }

    /// The whole body as text.
    ///
    /// # Errors
    /// 400 when it is not UTF-8; 500 when the file cannot be read.
    pub fn text(&self) -> Result<&str, Error> {
        str::from_utf8(self.bytes()?)
            .map_err(|error| bad_input(StatusCode::BAD_REQUEST, &NotText(error)))
    }

    /// A reader over the body, from its beginning, that holds none of it in memory.
    pub fn reader(&self) -> BodyReader<'_> {
        self.body.reader()
    }

    // --- groups of the route ------------------------------------------------------------------

    /// A group of the route's pattern, by name and as text. Borrowed, unless it holds `%2F` or
    /// `%25`, which are decoded here.
    ///
    /// ```
    /// # use pauper_message::Request;
    /// fn hello(req: &mut Request) -> String {
    ///     format!("Hello, {}!", req.arg("name").unwrap_or_default())
    /// }
    /// ```
    pub fn arg(&self, name: &str) -> Option<Cow<'_, str>> {
        let rule = self.matched.rule.as_deref()?;
        let index = rule.names.iter().position(|known| **known == *name)?;
        self.group(index)
    }

    /// A group of the route's pattern, by its number from 0.
    pub fn group(&self, index: usize) -> Option<Cow<'_, str>> {
        let (start, end) =
            *self.matched.groups.get(..usize::from(self.matched.count))?.get(index)?;
        let text = self.routing_path().get(start as usize..end as usize)?;
        Some(pauper_fields::percent::decode_segment(text))
    }

    /// A group of the route's pattern by name, as a value.
    ///
    /// # Errors
    /// 404 when it cannot be parsed, since then no such thing exists; 500 when the pattern has no
    /// group of this name.
    pub fn parsed_arg<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        let Some(text) = self.arg(name) else {
            let no_group = format!("the route has no group named {name:?}");
            return Err(Error::with_source(StatusCode::INTERNAL_SERVER_ERROR, None, no_group));
        };
        text.parse().map_err(|_| abort(StatusCode::NOT_FOUND))
    }

    /// The names and texts of all groups of the route's pattern, in order.
    pub fn groups(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let names = self.matched.rule.as_deref().map_or(&[][..], |rule| &rule.names);
        names.iter().enumerate().filter_map(|(index, name)| Some((&**name, self.group(index)?)))
    }

    /// The pattern that the request was matched by; of a pattern without groups, the path itself.
    pub fn rule(&self) -> &str {
        match &self.matched.rule {
            Some(rule) => &rule.pattern,
            None => self.routing_path(),
        }
    }

    /// Tells the request its route: the rule, unless it equals the path, and where the groups
    /// stand in [`routing_path`](Self::routing_path). For routers.
    ///
    /// # Panics
    /// With more than [`MAX_GROUPS`] groups.
    #[inline]
    pub fn set_match(
        &mut self,
        rule: Option<Arc<Rule>>,
        groups: impl IntoIterator<Item = Range<usize>>,
    ) {
        self.matched.rule = rule;
        self.matched.count = 0;
        for group in groups {
            let at = usize::from(self.matched.count);
            self.matched.groups[at] = (group.start as u32, group.end as u32);
            self.matched.count += 1;
        }
    }

    /// The number of what answers this request, as its [`Plan`](crate::Plan) said.
    #[inline]
    pub fn endpoint(&self) -> u32 {
        self.endpoint
    }

    /// Sets the number of what answers this request. For routers.
    #[inline]
    pub fn set_endpoint(&mut self, endpoint: u32) {
        self.endpoint = endpoint;
    }

    // --- values beside it ---------------------------------------------------------------------

    /// Values of the user that travel with this request.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Values of the user that travel with this request, to be changed.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The value of type `T` that the application shares among its requests.
    ///
    /// # Panics
    /// When the application has no such value, which is a mistake of the program;
    /// [`try_state`](Self::try_state) does not.
    #[track_caller]
    pub fn state<T: Send + Sync + 'static>(&self) -> &T {
        match self.try_state() {
            Some(value) => value,
            None => panic!(
                "the application has no state of type {}; give it one with `app.state(value)`",
                std::any::type_name::<T>()
            ),
        }
    }

    /// The value of type `T` that the application shares among its requests, if it has one.
    pub fn try_state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states.as_deref().and_then(States::get)
    }

    /// All values that the application shares among its requests. For applications, which give them
    /// back when a request comes out of another application inside.
    pub fn states(&self) -> Option<&Arc<States>> {
        self.states.as_ref()
    }

    /// Gives the request its application's values. For applications.
    pub fn set_states(&mut self, states: Arc<States>) {
        self.states = Some(states);
    }
}

impl Path {
    fn of(raw: &str) -> Self {
        if !raw.contains('%') {
            return Self::Clean;
        }
        let decoded = pauper_fields::percent::decode_path(raw).and_then(|whole| {
            let routing = pauper_fields::percent::decode_path_keep_slash(raw)?;
            Ok(Self::Decoded { whole: whole.into(), routing: routing.into() })
        });
        decoded.unwrap_or_else(Self::Bad)
    }
}

/// Where a span stands, counted from `from`.
fn within(span: pauper_wire::Span, from: usize) -> (u32, u32) {
    (span.start().saturating_sub(from) as u32, span.end().saturating_sub(from) as u32)
}

pub(crate) fn bad_input(status: StatusCode, error: &dyn fmt::Display) -> Error {
    Error::new(status, error.to_string())
}

struct NotText(str::Utf8Error);

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body is not UTF-8 (at byte {})", self.0.valid_up_to())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query and headers may hold secrets.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("body", &self.body)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
