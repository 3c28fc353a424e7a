//! Running a program on data.

use std::fmt::Write as _;

use bytes::Bytes;
use pauper_iolist::IoList;

use crate::context::Context;
use crate::convert::MAX_NESTED;
use crate::error::{Error, ErrorKind};
use crate::escape::{self, Set, Writer};
use crate::program::{Counter, How, Op, Part, Program, ROOT, Slot, Start};
use crate::settings::Settings;
use crate::url;
use crate::value::{List, Record, Value};

/// Stands for a URL that was refused.
const REFUSED_URL: &[u8] = b"about:invalid#refused-url";

/// What a program gave.
pub(crate) struct Page {
    pub(crate) list: IoList,
    /// How much of it was copied into one buffer.
    pub(crate) copied: usize,
}

/// Runs `program`. `room` is how much it is likely to give.
pub(crate) fn render(
    program: &Program,
    settings: &Settings,
    data: &dyn Record,
    items: Option<&dyn List>,
    room: usize,
) -> Result<Page, Error> {
    let machine = Machine {
        program,
        settings,
        data,
        items,
        frames: Vec::new(),
        sites: vec![Site { fields: &[], index: UNKNOWN }; program.names.len()],
        out: Out {
            buffer: Vec::with_capacity(room),
            cuts: Vec::with_capacity(program.shares),
            shared: 0,
        },
        url: 0,
        scratch: String::new(),
    };
    machine.run()
}

struct Machine<'a> {
    program: &'a Program,
    settings: &'a Settings,
    data: &'a dyn Record,
    items: Option<&'a dyn List>,
    /// The loops around, the outermost first.
    frames: Vec<Frame<'a>>,
    /// For each name in the program, where it was found the last time.
    sites: Vec<Site>,
    out: Out,
    /// Where in the buffer the value of the URL attribute begins.
    url: usize,
    /// What a converter wrote.
    scratch: String,
}

struct Frame<'a> {
    list: &'a dyn List,
    length: usize,
    index: usize,
    item: Value<'a>,
}

/// The names of records of one type are one slice; so a name that was found in it once is found
/// there again without looking at any text.
#[derive(Clone, Copy)]
struct Site {
    fields: &'static [&'static str],
    index: u32,
}

/// The name is none of the fields.
const UNKNOWN: u32 = u32::MAX;

/// What is copied is in one buffer; what is shared is remembered with its place in it.
struct Out {
    buffer: Vec<u8>,
    cuts: Vec<(usize, Cut)>,
    /// The bytes in `cuts`.
    shared: usize,
}

/// A piece that is not in the buffer.
enum Cut {
    Part(Part),
    List(IoList),
}

impl Out {
    fn len(&self) -> usize {
        self.shared.saturating_add(self.buffer.len())
    }

    fn cut(&mut self, len: usize, cut: Cut) {
        self.shared = self.shared.saturating_add(len);
        self.cuts.push((self.buffer.len(), cut));
    }

    fn finish(self, text: &Bytes) -> IoList {
        if self.cuts.is_empty() {
            return self.buffer.into();
        }
        let buffer = Bytes::from(self.buffer);
        let (mut list, mut start) = (IoList::new(), 0);
        for (end, cut) in self.cuts {
            list.push_shared(buffer.slice(start..end));
            start = end;
            match cut {
                Cut::Part(part) => {
                    list.push_shared(text.slice(part.start as usize..part.end as usize));
                }
                Cut::List(pieces) => list.append(pieces),
            }
        }
        list.push_shared(buffer.slice(start..));
        list
    }
}

/// What a place had.
enum Found<'a> {
    Value(Value<'a>),
    Missing,
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Page, Error> {
        let program = self.program;
        let (ops, text) = (&program.ops[..], &program.text[..]);
        let mut at = 0;
        while let Some(&op) = ops.get(at) {
            at += 1;
            match op {
                Op::Copy(part) => {
                    let text = &text[part.start as usize..part.end as usize];
                    self.out.buffer.extend_from_slice(text);
                }
                Op::Share(part) => {
                    self.out.cut((part.end - part.start) as usize, Cut::Part(part));
                }
                Op::Field { before, slot, name, depth, how } => {
                    let before = &text[before.start as usize..before.end as usize];
                    let found = self.field(name as usize, depth);
                    if let (Some(Value::Text(text)), How::Text | How::Quoted) = (found, how) {
                        let out = &mut self.out.buffer;
                        out.reserve(before.len() + text.len());
                        out.extend_from_slice(before);
                        escape::push(out, text.as_bytes(), Set::Text);
                        continue;
                    }
                    self.out.buffer.extend_from_slice(before);
                    let slot = &program.slots[slot as usize];
                    match found.map_or_else(|| self.find(slot), Found::Value) {
                        Found::Value(value) => self.put(value, how, slot)?,
                        Found::Missing => self.missing(slot)?,
                    }
                }
                Op::Put { slot, how } => {
                    let slot = &program.slots[slot as usize];
                    match self.find(slot) {
                        Found::Value(value) => self.put(value, how, slot)?,
                        Found::Missing => self.missing(slot)?,
                    }
                }
                Op::Convert { slot, converter, how } => {
                    let slot = &program.slots[slot as usize];
                    match self.find(slot) {
                        Found::Value(Value::None) if slot.default.is_some() => {
                            self.missing(slot)?;
                        }
                        Found::Value(value) => self.convert(value, converter, how, slot)?,
                        Found::Missing => self.missing(slot)?,
                    }
                }
                Op::Unless { slot, negated, to } => {
                    let slot = &program.slots[slot as usize];
                    let truth = match self.find(slot) {
                        Found::Value(value) => value.is_true(),
                        Found::Missing if self.settings.debug => false,
                        Found::Missing => return Err(self.no_value(slot)),
                    };
                    if truth == negated {
                        at = to as usize;
                    }
                }
                Op::Jump(to) => at = to as usize,
                Op::For { slot, to } => {
                    if !self.begin(&program.slots[slot as usize])? {
                        at = to as usize;
                    }
                }
                Op::Next { back } => {
                    if self.next()? {
                        at = back as usize;
                    }
                }
                Op::UrlBegins => self.url = self.out.buffer.len(),
                Op::UrlEnds { media } => self.judge(media, at)?,
            }
        }
        let copied = self.out.buffer.len();
        Ok(Page { list: self.out.finish(&program.text), copied })
    }

    /// The value of a field where it was found the last time; `None` if it must be searched.
    #[inline(always)]
    fn field(&self, name: usize, depth: u8) -> Option<Value<'a>> {
        let record = if depth == ROOT {
            self.data
        } else {
            match self.frames.get(usize::from(depth))?.item {
                Value::Record(record) => record,
                _ => return None,
            }
        };
        let site = self.sites.get(name)?;
        let known = site.index != UNKNOWN && std::ptr::eq(site.fields, record.fields());
        known.then(|| record.field(site.index as usize))
    }

    /// The value of a slot.
    #[inline]
    fn find(&mut self, slot: &Slot) -> Found<'a> {
        let mut names = slot.first as usize..(slot.first + slot.count) as usize;
        let value = match slot.start {
            Start::Root => {
                let Some(name) = names.next() else { return Found::Missing };
                self.look_up(self.data, name)
            }
            Start::Item(depth) => self.frames.get(usize::from(depth)).map(|frame| frame.item),
            Start::Search(mask) => {
                let Some(name) = names.next() else { return Found::Missing };
                self.search(mask, name)
            }
            Start::Counter(depth, counter) => self.counter(depth, counter),
            Start::Items => self.items.map(Value::List),
        };
        let Some(mut value) = value else { return Found::Missing };
        for name in names {
            let record = match value {
                Value::Record(record) => record,
                // A field of nothing is nothing.
                Value::None => return Found::Value(Value::None),
                _ => return Found::Missing,
            };
            match self.look_up(record, name) {
                Some(found) => value = found,
                None => return Found::Missing,
            }
        }
        Found::Value(value)
    }

    #[inline]
    fn look_up(&mut self, record: &'a dyn Record, name: usize) -> Option<Value<'a>> {
        let fields = record.fields();
        let site = &self.sites[name];
        if std::ptr::eq(site.fields, fields) && site.index != UNKNOWN {
            return Some(record.field(site.index as usize));
        }
        self.look_up_slowly(record, name, fields)
    }

    #[inline(never)]
    fn look_up_slowly(
        &mut self,
        record: &'a dyn Record,
        name: usize,
        fields: &'static [&'static str],
    ) -> Option<Value<'a>> {
        let text = &*self.program.names[name];
        if let Some(index) = fields.iter().position(|field| *field == text) {
            let index = u32::try_from(index).unwrap_or(UNKNOWN);
            self.sites[name] = Site { fields, index };
            return Some(record.field(index as usize));
        }
        record.get(text)
    }

    /// In the items of some loops, from the innermost, and then in the data.
    fn search(&mut self, mask: u64, name: usize) -> Option<Value<'a>> {
        for depth in (0..self.frames.len()).rev() {
            if mask & (1 << depth) != 0
                && let Value::Record(record) = self.frames[depth].item
                && let Some(value) = self.look_up(record, name)
            {
                return Some(value);
            }
        }
        self.look_up(self.data, name)
    }

    fn counter(&self, depth: u8, counter: Counter) -> Option<Value<'a>> {
        let frame = self.frames.get(usize::from(depth))?;
        Some(match counter {
            Counter::Index => Value::Uint(frame.index as u64),
            Counter::Number => Value::Uint(frame.index as u64 + 1),
            Counter::First => Value::Bool(frame.index == 0),
            Counter::Last => Value::Bool(frame.index + 1 == frame.length),
            Counter::Length => Value::Uint(frame.length as u64),
        })
    }

    /// Begins a loop; says whether there is anything.
    fn begin(&mut self, slot: &Slot) -> Result<bool, Error> {
        let list = match self.find(slot) {
            Found::Value(Value::List(list)) => list,
            Found::Value(Value::None) => return Ok(false),
            Found::Value(other) => {
                let path = self.program.path(slot);
                let message = format!("`{path}` is {} and no list", other.kind());
                return Err(self.program.error(slot, ErrorKind::Type, message));
            }
            Found::Missing => {
                self.missing(slot)?;
                return Ok(false);
            }
        };
        let length = list.len();
        if length == 0 {
            return Ok(false);
        }
        self.frames.push(Frame { list, length, index: 0, item: list.item(0) });
        Ok(true)
    }

    /// The next turn of the innermost loop; says whether there is one.
    fn next(&mut self) -> Result<bool, Error> {
        let too_much = self.out.len() > self.settings.max_output;
        let Some(frame) = self.frames.last_mut() else { return Ok(false) };
        if too_much {
            let most = self.settings.max_output;
            let message = format!("the output is longer than {most} bytes (max_output)");
            let file = self.program.sources.first().map_or("template", |source| &source.name);
            return Err(Error::of_file(ErrorKind::Limit, message, file));
        }
        frame.index += 1;
        if frame.index < frame.length {
            frame.item = frame.list.item(frame.index);
            return Ok(true);
        }
        self.frames.pop();
        Ok(false)
    }

    #[inline]
    fn put(&mut self, value: Value<'a>, how: How, slot: &Slot) -> Result<(), Error> {
        let out = &mut self.out.buffer;
        match (value, how) {
            (Value::Text(text), How::Text | How::Quoted) => {
                escape::push(out, text.as_bytes(), Set::Text);
                Ok(())
            }
            (Value::Int(number), How::Text | How::Quoted) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                Ok(())
            }
            (Value::Uint(number), How::Text | How::Quoted) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                Ok(())
            }
            (value, How::RawTag) => self.put_tag(value, slot),
            _ => self.put_slowly(value, how, slot, 0),
        }
    }

    /// The inside of a tag. What follows was checked as standing in text, so it has to.
    #[cold]
    fn put_tag(&mut self, value: Value<'_>, slot: &Slot) -> Result<(), Error> {
        let inside = value.to_string();
        Context::judge_tag(inside.as_bytes()).map_err(|why| {
            let message =
                format!("`<{{.{}}}>` is no tag of its own: {why}", self.program.path(slot));
            self.program.error(slot, ErrorKind::Context, message)
        })?;
        self.out.buffer.extend_from_slice(inside.as_bytes());
        Ok(())
    }

    fn put_slowly(
        &mut self,
        value: Value<'_>,
        how: How,
        slot: &Slot,
        depth: usize,
    ) -> Result<(), Error> {
        let out = &mut self.out.buffer;
        let unescaped = match how {
            How::Text | How::Quoted => Some(Set::Text),
            How::RawQuoted => Some(Set::Html),
            How::Raw | How::RawTag | How::Json => None,
        };
        let html = match how {
            How::Quoted | How::RawQuoted => Some(Set::Html),
            How::Text | How::Raw | How::RawTag | How::Json => None,
        };
        match value {
            Value::None if slot.default.is_some() && depth == 0 => return self.missing(slot),
            Value::None => {}
            Value::Bool(value) => {
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            Value::Int(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Value::Uint(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Value::Text(text) => push(out, text.as_bytes(), unescaped),
            Value::Char(character) => {
                push(out, character.encode_utf8(&mut [0; 4]).as_bytes(), unescaped);
            }
            Value::Html(text) => push(out, text.as_bytes(), html),
            Value::Pieces(pieces) if html.is_some() => {
                pieces.pieces().for_each(|piece| push(out, piece, html));
            }
            Value::Pieces(pieces) => {
                if pieces.len() < IoList::SMALL {
                    pieces.pieces().for_each(|piece| out.extend_from_slice(piece));
                } else {
                    self.out.cut(pieces.len(), Cut::List(pieces.clone()));
                }
            }
            Value::Float(_) | Value::Display(_) => {
                let result = match unescaped {
                    Some(set) => write!(Writer { out, set }, "{value}"),
                    None => write!(Plain(out), "{value}"),
                };
                if result.is_err() {
                    let message = format!("`{}` cannot be formatted", self.program.path(slot));
                    return Err(self.program.error(slot, ErrorKind::Type, message));
                }
            }
            Value::List(_) if depth >= MAX_NESTED => {
                let message = format!("lists are nested deeper than {MAX_NESTED} levels");
                return Err(self.program.error(slot, ErrorKind::Type, message));
            }
            Value::List(list) => {
                for index in 0..list.len() {
                    self.put_slowly(list.item(index), how, slot, depth + 1)?;
                }
            }
            Value::Record(_) => {
                let path = self.program.path(slot);
                let message = format!("`{path}` is a record, of which only fields can be printed");
                return Err(self.program.error(slot, ErrorKind::Type, message));
            }
        }
        Ok(())
    }

    fn convert(
        &mut self,
        value: Value<'a>,
        converter: u16,
        how: How,
        slot: &Slot,
    ) -> Result<(), Error> {
        let (name, convert) = &self.program.converters[usize::from(converter)];
        self.scratch.clear();
        if let Err(cause) = convert(value, &mut self.scratch) {
            let path = self.program.path(slot);
            let message = format!("`{path}` cannot be converted by `{name}`: {cause}");
            let error = self.program.error(slot, ErrorKind::Conversion, message);
            return Err(error.caused_by(cause));
        }
        if how != How::Json {
            escape::push(&mut self.out.buffer, self.scratch.as_bytes(), Set::Text);
            return Ok(());
        }
        // In JSON these stand in strings only, and nothing in a string can end the script then.
        for byte in self.scratch.bytes() {
            match byte {
                b'<' => self.out.buffer.extend_from_slice(b"\\u003c"),
                b'>' => self.out.buffer.extend_from_slice(b"\\u003e"),
                b'&' => self.out.buffer.extend_from_slice(b"\\u0026"),
                _ => self.out.buffer.push(byte),
            }
        }
        Ok(())
    }

    /// What stands where no value is.
    #[cold]
    fn missing(&mut self, slot: &Slot) -> Result<(), Error> {
        if let Some(default) = slot.default {
            self.out.buffer.extend_from_slice(self.program.part(default));
            return Ok(());
        }
        if !self.settings.debug {
            return Err(self.no_value(slot));
        }
        let source = &self.program.sources[slot.source as usize].text;
        let tag = &source[slot.span.0 as usize..slot.span.1 as usize];
        escape::push(&mut self.out.buffer, tag.as_bytes(), Set::Text);
        Ok(())
    }

    #[cold]
    fn no_value(&self, slot: &Slot) -> Error {
        let message = format!("no value for `{}`", self.program.path(slot));
        self.program.error(slot, ErrorKind::Missing, message)
    }

    fn judge(&mut self, media: bool, at: usize) -> Result<(), Error> {
        let value = self.out.buffer.get(self.url..).unwrap_or_default();
        if !url::is_refused(value, media) {
            return Ok(());
        }
        if !self.settings.strict_urls {
            self.out.buffer.truncate(self.url);
            self.out.buffer.extend_from_slice(REFUSED_URL);
            return Ok(());
        }
        let shown: String = String::from_utf8_lossy(value).chars().take(40).collect();
        let message = format!("`{shown}` is no URL for this place: it may run code");
        // The value before is the nearest place there is.
        let slot = self.program.ops[..at].iter().rev().find_map(|op| match op {
            Op::Put { slot, .. } | Op::Field { slot, .. } | Op::Convert { slot, .. } => Some(*slot),
            _ => None,
        });
        Err(match slot {
            Some(slot) => {
                let slot = &self.program.slots[slot as usize];
                self.program.error(slot, ErrorKind::UnsafeUrl, message)
            }
            None => Error::of_file(ErrorKind::UnsafeUrl, message, "template"),
        })
    }
}

#[inline]
fn push(out: &mut Vec<u8>, bytes: &[u8], set: Option<Set>) {
    match set {
        Some(set) => escape::push(out, bytes, set),
        None => out.extend_from_slice(bytes),
    }
}

/// A formatter's text as it is.
struct Plain<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
