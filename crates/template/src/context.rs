//! Where in HTML a place of a template is.
//!
//! [`Context`] reads the static text as a browser's tokenizer does (WHATWG HTML, section 13.2.5), so
//! that each value is known to stand in text, in a quoted attribute, or where no escaping helps. What
//! browsers repair silently, and what they read in two ways, is an error.

use crate::attribute::{Meaning, meaning};

/// Where it is, between two characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    state: State,
    /// How many `<svg>` and `<math>` are open. In them other rules hold, for content that looks
    /// like a tag; so it is refused where the rules differ.
    foreign: usize,
    /// The tag, while in one.
    tag: Tag,
    /// Whether a value is being watched for its URL scheme at render.
    pub(crate) watched: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tag {
    name: String,
    closing: bool,
    /// Ended by `/>`.
    slash: bool,
    attribute: String,
    /// The static text of the value so far; `None` if it is not all static.
    value: Option<String>,
    /// The `type` of a `<script>`.
    script_type: Option<String>,
    http_equiv: bool,
    /// A value was put into `content`.
    content_put: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    TagOpen,
    EndTagOpen,
    TagName,
    /// In a tag, behind a blank.
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value(Quote),
    Unquoted,
    AfterValue,
    /// In a tag where branches met: the next must end whatever was before.
    Boundary,
    /// Behind `<!`, with what was read of `--` or `[CDATA[`.
    Declaration0(u8),
    Declaration,
    CommentStart,
    CommentStartDash,
    /// With the dashes just before, at most two.
    Comment(u8),
    CommentBang,
    /// `<title>` and `<textarea>`, `<script>` and others: text up to their own end tag, of which so
    /// much was read.
    Special(Special, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    Double,
    Single,
}

/// Elements whose content is no markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    Title,
    Textarea,
    /// `commented`: `<!--` was read, behind which `<script` would change what ends it.
    Script {
        json: bool,
        commented: bool,
        tail: [u8; 7],
    },
    Style,
    Other(&'static str),
}

impl Special {
    fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Textarea => "textarea",
            Self::Script { .. } => "script",
            Self::Style => "style",
            Self::Other(name) => name,
        }
    }

    fn of(name: &str, script_type: Option<&str>) -> Option<Self> {
        const OTHERS: [&str; 6] = ["iframe", "noembed", "noframes", "plaintext", "xmp", "listing"];
        Some(match name {
            "title" => Self::Title,
            "textarea" => Self::Textarea,
            "style" => Self::Style,
            "script" => {
                let kind = script_type.unwrap_or("").trim().to_ascii_lowercase();
                let json = kind == "application/json" || kind.ends_with("+json");
                Self::Script { json, commented: false, tail: [0; 7] }
            }
            // `<listing>` is markup, but nobody needs it.
            _ => Self::Other(OTHERS.into_iter().find(|other| *other == name)?),
        })
    }
}

/// What is wrong with a place.
pub(crate) type Refusal = String;

/// Something that the compiler has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Nothing.
    None,
    /// Behind this character begins the value of an attribute that takes a URL.
    UrlBegins,
    /// Before this character such a value ends.
    UrlEnds {
        /// It shows a picture.
        media: bool,
    },
}

/// How a value is to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Element content.
    Text,
    /// A quoted attribute's value, a title or a text area: HTML is no markup here.
    Quoted,
    /// As `Quoted`, and the value may decide what the URL does.
    Url,
    /// A script that is only data: JSON, and nothing else.
    Json,
}

impl Context {
    /// The beginning of a page, or element content.
    pub(crate) fn new() -> Self {
        Self { state: State::Text, foreign: 0, tag: Tag::default(), watched: false }
    }

    /// Whether an end of the whole is fine here.
    pub(crate) fn is_text(&self) -> bool {
        self.state == State::Text
    }

    /// What is here, in words.
    pub(crate) fn describe(&self) -> String {
        match self.state {
            State::Text if self.foreign > 0 => "an `<svg>` or `<math>`".into(),
            State::Text => "element content".into(),
            State::TagOpen | State::EndTagOpen | State::TagName => "a tag's name".into(),
            State::BeforeName | State::AfterValue | State::Boundary => {
                format!("the tag `<{}>`", self.tag.name)
            }
            State::Name | State::AfterName => "an attribute's name".into(),
            State::BeforeValue | State::Unquoted => "an unquoted attribute".into(),
            State::Value(_) => {
                format!("the attribute `{}` of `<{}>`", self.tag.attribute, self.tag.name)
            }
            State::Declaration0(_) | State::Declaration => "a declaration".into(),
            State::CommentStart
            | State::CommentStartDash
            | State::Comment(_)
            | State::CommentBang => "an HTML comment".into(),
            State::Special(special, _) => format!("the element `<{}>`", special.name()),
        }
    }

    /// Reads one byte of static text. (All that matters is ASCII.)
    pub(crate) fn feed(&mut self, byte: u8) -> Result<Event, Refusal> {
        use State as S;
        let blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
        let mut event = Event::None;
        self.state = match self.state {
            S::Text if byte == b'<' => S::TagOpen,
            S::Text => S::Text,
            S::TagOpen => match byte {
                b'a'..=b'z' | b'A'..=b'Z' => self.begin_tag(byte, false),
                b'/' => S::EndTagOpen,
                b'!' => S::Declaration0(0),
                b'?' => S::Declaration,
                b'<' => S::TagOpen,
                _ => S::Text,
            },
            S::EndTagOpen => match byte {
                b'a'..=b'z' | b'A'..=b'Z' => self.begin_tag(byte, true),
                _ => return Err("`</` is followed by a name".into()),
            },
            S::TagName => match byte {
                b'/' => self.slash(),
                b'>' => self.end_tag()?,
                b'<' => return Err("`<` in a tag: the one before is not closed".into()),
                _ if blank => S::BeforeName,
                _ => {
                    self.tag.name.push(char::from(byte.to_ascii_lowercase()));
                    S::TagName
                }
            },
            S::BeforeName => {
                if blank {
                    S::BeforeName
                } else {
                    self.between(byte)?
                }
            }
            S::AfterValue | S::Boundary => match byte {
                b'/' => self.slash(),
                b'>' => self.end_tag()?,
                _ if blank => S::BeforeName,
                _ => return Err("a blank is missing between two attributes".into()),
            },
            S::Name => match byte {
                b'/' => {
                    self.end_name();
                    self.slash()
                }
                b'>' => {
                    self.end_name();
                    self.end_tag()?
                }
                b'=' => S::BeforeValue,
                b'"' | b'\'' | b'<' => return Err(self.stray(byte)),
                _ if blank => S::AfterName,
                _ => {
                    self.tag.attribute.push(char::from(byte.to_ascii_lowercase()));
                    S::Name
                }
            },
            S::AfterName => match byte {
                b'=' => S::BeforeValue,
                _ if blank => S::AfterName,
                _ => {
                    self.end_name();
                    self.between(byte)?
                }
            },
            S::BeforeValue => match byte {
                b'"' | b'\'' => {
                    if let Meaning::Url { .. } = self.meaning() {
                        event = Event::UrlBegins;
                    }
                    if self.meaning() == Meaning::HttpEquiv {
                        self.tag.http_equiv = true;
                        self.meta()?;
                    }
                    self.tag.value = Some(String::new());
                    S::Value(if byte == b'"' { Quote::Double } else { Quote::Single })
                }
                b'>' => return Err("an attribute has `=` and no value".into()),
                _ if blank => S::BeforeValue,
                _ => {
                    if self.meaning() == Meaning::HttpEquiv {
                        self.tag.http_equiv = true;
                        self.meta()?;
                    }
                    self.tag.value = Some(char::from(byte).into());
                    self.unquoted(byte)?
                }
            },
            S::Value(quote) => {
                if byte == (if quote == Quote::Double { b'"' } else { b'\'' }) {
                    if let Meaning::Url { media } = self.meaning() {
                        event = Event::UrlEnds { media };
                    }
                    self.end_value();
                    S::AfterValue
                } else {
                    if let Some(value) = &mut self.tag.value {
                        // Of bytes beyond ASCII only that they are.
                        value.push(char::from(byte));
                    }
                    S::Value(quote)
                }
            }
            S::Unquoted => match byte {
                b'>' => {
                    self.end_value();
                    self.end_tag()?
                }
                _ if blank => {
                    self.end_value();
                    S::BeforeName
                }
                _ => {
                    if let Some(value) = &mut self.tag.value {
                        value.push(char::from(byte));
                    }
                    self.unquoted(byte)?
                }
            },
            S::Declaration0(read) => {
                const CDATA: &[u8] = b"[CDATA[";
                match (read, byte) {
                    (0, b'-') => S::Declaration0(100),
                    (100, b'-') => S::CommentStart,
                    (100, _) => return Err("`<!-` begins neither a comment nor anything".into()),
                    (_, b'>') => S::Text,
                    (read, byte) if CDATA.get(usize::from(read)) == Some(&byte) => {
                        if usize::from(read) + 1 == CDATA.len() {
                            return Err("CDATA is text in SVG and a comment in HTML".into());
                        }
                        S::Declaration0(read + 1)
                    }
                    _ => S::Declaration,
                }
            }
            S::Declaration => {
                if byte == b'>' {
                    S::Text
                } else {
                    S::Declaration
                }
            }
            S::CommentStart => match byte {
                b'-' => S::CommentStartDash,
                b'>' => S::Text,
                _ => S::Comment(0),
            },
            S::CommentStartDash => match byte {
                b'-' => S::Comment(2),
                b'>' => S::Text,
                _ => S::Comment(0),
            },
            S::Comment(dashes) => match byte {
                b'-' => S::Comment((dashes + 1).min(2)),
                b'>' if dashes == 2 => S::Text,
                b'!' if dashes == 2 => S::CommentBang,
                _ => S::Comment(0),
            },
            S::CommentBang => match byte {
                b'-' => S::Comment(1),
                b'>' => S::Text,
                _ => S::Comment(0),
            },
            S::Special(special, read) => self.special(special, read, byte)?,
        };
        Ok(event)
    }

    fn begin_tag(&mut self, byte: u8, closing: bool) -> State {
        let name = char::from(byte.to_ascii_lowercase()).into();
        self.tag = Tag { name, closing, ..Tag::default() };
        State::TagName
    }

    fn slash(&mut self) -> State {
        self.tag.slash = true;
        State::BeforeName
    }

    /// A byte that is no blank, where an attribute's name or the end of the tag may stand.
    fn between(&mut self, byte: u8) -> Result<State, Refusal> {
        match byte {
            b'/' => Ok(self.slash()),
            b'>' => self.end_tag(),
            b'"' | b'\'' | b'<' | b'=' => Err(self.stray(byte)),
            _ => {
                self.tag.slash = false;
                self.tag.attribute = char::from(byte.to_ascii_lowercase()).into();
                self.tag.value = None;
                Ok(State::Name)
            }
        }
    }

    fn stray(&self, byte: u8) -> Refusal {
        format!("`{}` in the tag `<{}>`: is a quote missing?", char::from(byte), self.tag.name)
    }

    fn unquoted(&self, byte: u8) -> Result<State, Refusal> {
        if matches!(byte, b'"' | b'\'' | b'<' | b'=' | b'`') {
            return Err(self.stray(byte));
        }
        Ok(State::Unquoted)
    }

    fn end_value(&mut self) {
        let value = self.tag.value.take().unwrap_or_default();
        self.is_script_type(value);
    }

    /// The attribute has no value.
    fn end_name(&mut self) {
        self.is_script_type(String::new());
    }

    /// Of two attributes with one name the first counts.
    fn is_script_type(&mut self, value: String) {
        if self.tag.script_type.is_none() && self.meaning() == Meaning::ScriptType {
            self.tag.script_type = Some(value);
        }
    }

    fn end_tag(&mut self) -> Result<State, Refusal> {
        let tag = std::mem::take(&mut self.tag);
        let foreign = matches!(&*tag.name, "svg" | "math");
        if tag.closing {
            if foreign {
                self.foreign = self.foreign.saturating_sub(1);
            }
            return Ok(State::Text);
        }
        if foreign && !tag.slash {
            self.foreign += 1;
        }
        let Some(special) = Special::of(&tag.name, tag.script_type.as_deref()) else {
            return Ok(State::Text);
        };
        if tag.slash {
            return Err(format!(
                "`<{}/>` ends in SVG and does not in HTML; write `</{}>`",
                tag.name, tag.name
            ));
        }
        Ok(State::Special(special, 0))
    }

    /// A byte in an element whose content is text. `read` says how much of its end tag was read.
    fn special(&mut self, mut special: Special, read: u8, byte: u8) -> Result<State, Refusal> {
        let name = special.name().as_bytes();
        let at = usize::from(read);
        if let Special::Script { commented, tail, .. } = &mut special {
            tail.rotate_left(1);
            tail[6] = byte.to_ascii_lowercase();
            if tail.ends_with(b"<!--") {
                *commented = true;
            } else if *commented && *tail == *b"<script" {
                return Err("`<script` behind `<!--` in a script: browsers would not end the \
                            script where it seems to end"
                    .into());
            }
        }
        let next = match at {
            0 if byte == b'<' => 1,
            0 => 0,
            1 if byte == b'/' => 2,
            // The whole name was read.
            at if at == name.len() + 2 => match byte {
                b'>' => return Ok(State::Text),
                b'/' | b' ' | b'\t' | b'\n' | b'\r' | 0x0c => {
                    let name = special.name().into();
                    self.tag = Tag { name, closing: true, ..Tag::default() };
                    return Ok(State::BeforeName);
                }
                _ => 0,
            },
            at if at >= 2 && name.get(at - 2) == Some(&byte.to_ascii_lowercase()) => read + 1,
            _ if byte == b'<' => 1,
            _ => 0,
        };
        if self.foreign > 0 && at > 0 && next <= 1 {
            return Err(format!(
                "`<` in a `<{}>` within SVG, where it may begin a tag or not; write `&lt;`",
                special.name()
            ));
        }
        Ok(State::Special(special, next))
    }

    fn meaning(&self) -> Meaning {
        meaning(&self.tag.name, &self.tag.attribute)
    }

    fn meta(&self) -> Result<(), Refusal> {
        if self.tag.http_equiv && self.tag.content_put {
            return Err("a value in the `content` of a `<meta>` with `http-equiv`, which may \
                        load another page"
                .into());
        }
        Ok(())
    }

    /// The static text of a URL so far; `None` if it is not only static.
    pub(crate) fn url_so_far(&self) -> Option<&str> {
        self.tag.value.as_deref()
    }

    /// Whether a URL's value shows a picture.
    pub(crate) fn is_media(&self) -> bool {
        matches!(self.meaning(), Meaning::Url { media: true })
    }

    /// A value stands here. How is it printed?
    pub(crate) fn put(&mut self) -> Result<Place, Refusal> {
        let refused = |what: &str| Err(format!("no value can be put into {what}"));
        match self.state {
            State::Text => Ok(Place::Text),
            State::Value(_) => {
                let meaning = self.meaning();
                self.tag.content_put |= meaning == Meaning::MetaContent;
                self.meta()?;
                match meaning {
                    Meaning::Refused(why) => {
                        let what = self.describe();
                        Err(format!("no value can be put into {what}: not into {why}"))
                    }
                    Meaning::ScriptType | Meaning::HttpEquiv => refused(&self.describe()),
                    Meaning::Url { .. } => Ok(Place::Url),
                    Meaning::Plain | Meaning::MetaContent => Ok(Place::Quoted),
                }
            }
            State::BeforeValue | State::Unquoted => Err(format!(
                "no value can be put into an unquoted attribute; write `{}=\"…\"`",
                self.tag.attribute
            )),
            State::Special(Special::Title | Special::Textarea, 0) => Ok(Place::Quoted),
            State::Special(Special::Script { json: true, .. }, 0) => Ok(Place::Json),
            State::Special(Special::Script { .. }, 0) => Err("no value can be put into a script; \
                put it into an attribute, or into `<script type=\"application/json\">` with \
                `:json`, and let the script read it from there"
                .into()),
            State::Special(Special::Style, 0) => {
                Err("no value can be put into a style; choose between classes instead".into())
            }
            State::CommentStart
            | State::CommentStartDash
            | State::Comment(_)
            | State::CommentBang => Err("no value can be put into an HTML comment; `{* … *}` \
                                         takes it out of the page"
                .into()),
            _ => refused(&self.describe()),
        }
    }

    /// Behind a `<` that may begin a tag, outside of SVG and MathML: what stands between it and a
    /// `>` may be a whole tag.
    pub(crate) fn may_begin_a_tag(&self) -> bool {
        self.state == State::TagOpen && self.foreign == 0
    }

    /// Judges what was put between `<` and `>`: the `Err` says what it would open that the rest of
    /// the template knows nothing of.
    pub(crate) fn judge_tag(inside: &[u8]) -> Result<(), Refusal> {
        let mut context = Self::new();
        for byte in [b"<", inside, b">"].concat() {
            context.feed(byte)?;
        }
        let same = context.is_text() && context.foreign == 0;
        if same { Ok(()) } else { Err(format!("what follows would be in {}", context.describe())) }
    }

    /// From here on the static text of the value is not all there is.
    pub(crate) fn value_is_mixed(&mut self) {
        self.tag.value = None;
    }

    /// Where it is behind two branches; `None` if they end in different places.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(self.clone());
        }
        let same_tag = self.foreign == other.foreign
            && self.watched == other.watched
            && self.tag.name == other.tag.name
            && self.tag.closing == other.tag.closing;
        if !same_tag {
            return None;
        }
        let (mut joined, mut other) = (self.clone(), other.clone());
        for context in [&mut joined, &mut other] {
            if matches!(context.state, State::Name | State::AfterName) {
                context.end_name();
            }
        }
        joined.tag.http_equiv |= other.tag.http_equiv;
        joined.tag.content_put |= other.tag.content_put;
        joined.meta().ok()?;
        if joined.tag.script_type != other.tag.script_type {
            // Not JSON in any case.
            joined.tag.script_type = Some(String::new());
        }
        let inside = |state| {
            matches!(
                state,
                State::TagName
                    | State::BeforeName
                    | State::Name
                    | State::AfterName
                    | State::AfterValue
                    | State::Boundary
            )
        };
        if let (State::Value(_), true) = (self.state, self.state == other.state) {
            // In the same attribute, behind different text.
            joined.tag.value = None;
            return (self.tag.attribute == other.tag.attribute).then_some(joined);
        }
        if let (State::Special(ours, read), State::Special(theirs, also)) =
            (self.state, other.state)
            && let (
                Special::Script { json, commented, tail },
                Special::Script { json: also_json, commented: also_commented, tail: also_tail },
            ) = (ours, theirs)
        {
            // What the last bytes were may differ, unless they may be the start of a tag.
            if tail.contains(&b'<') || also_tail.contains(&b'<') {
                return None;
            }
            let commented = commented || also_commented;
            let special = Special::Script { json: json && also_json, commented, tail };
            joined.state = State::Special(special, read);
            return (read == 0 && also == 0).then_some(joined);
        }
        if !inside(self.state) || !inside(other.state) {
            return None;
        }
        joined.tag.attribute.clear();
        joined.tag.value = None;
        joined.tag.slash = false;
        let both_blank = self.state == State::BeforeName && other.state == State::BeforeName;
        joined.state = if both_blank { State::BeforeName } else { State::Boundary };
        Some(joined)
    }
}
