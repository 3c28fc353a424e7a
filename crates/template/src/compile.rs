//! Trees become a program: sections and included templates are put in their places, names become
//! numbers, and every place is checked in the HTML around it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use pauper_iolist::IoList;

use crate::context::{Context, Event, Place};
use crate::convert;
use crate::definition::{Binding, Bindings, Definition, Included, Load};
use crate::error::{Error, ErrorKind};
use crate::escape;
use crate::program::{Counter, How, Op, Part, Program, ROOT, Slot, Start};
use crate::settings::Settings;
use crate::source::{At, Source};
use crate::syntax::{Condition, For, Fragment, Node, Path, Put};
use crate::url::{self, Verdict};

/// What compiling gives.
pub(crate) struct Compiled {
    pub(crate) program: Program,
    /// The templates that were included.
    pub(crate) included: Included,
}

/// Compiles a whole template.
pub(crate) fn template(
    definition: &Definition,
    settings: &Settings,
    load: &mut dyn Load,
) -> Result<Compiled, Error> {
    let mut compiler = Compiler::new(settings, load);
    compiler.definition(definition, None)?;
    compiler.ends_in_text(&definition.base)?;
    compiler.all_bound(definition)?;
    compiler.finish()
}

/// The four parts of a loop.
pub(crate) struct LoopParts {
    pub(crate) preamble: Arc<Definition>,
    pub(crate) body: Arc<Definition>,
    pub(crate) epilogue: Arc<Definition>,
    pub(crate) otherwise: Option<Arc<Definition>>,
}

/// Compiles a loop over items that are given at render.
pub(crate) fn looped(
    parts: &LoopParts,
    settings: &Settings,
    load: &mut dyn Load,
) -> Result<Compiled, Error> {
    let mut compiler = Compiler::new(settings, load);
    let base = &parts.preamble.base;
    let source = compiler.source(&base.source);
    let items = compiler.slot(Slot {
        start: Start::Items,
        first: 0,
        count: 0,
        default: None,
        source,
        span: (0, 0),
        path: 0,
    });
    let begin = compiler.op(Op::Unless { slot: items, negated: false, to: 0 });
    compiler.definition(&parts.preamble, None)?;
    let fits = compiler.context.clone();
    compiler.flush(&At { source: base.source.clone(), offset: 0 })?;
    let head = compiler.op(Op::For { slot: items, to: 0 });
    compiler.loops.push(None);
    compiler.definition(&parts.body, None)?;
    compiler.loops.pop();
    compiler.flush(&At { source: base.source.clone(), offset: 0 })?;
    if compiler.context.join(&fits).as_ref() != Some(&fits) {
        return Err(compiler.moved(&parts.body.base, &fits));
    }
    compiler.op(Op::Next { back: head + 1 });
    compiler.patch(head);
    compiler.definition(&parts.epilogue, None)?;
    compiler.ends_in_text(&parts.epilogue.base)?;
    compiler.flush(&At { source: base.source.clone(), offset: 0 })?;
    let end = compiler.op(Op::Jump(0));
    compiler.patch(begin);
    if let Some(otherwise) = &parts.otherwise {
        compiler.definition(otherwise, None)?;
        compiler.ends_in_text(&otherwise.base)?;
        compiler.flush(&At { source: base.source.clone(), offset: 0 })?;
    }
    compiler.patch(end);
    compiler.finish()
}

struct Compiler<'a> {
    settings: &'a Settings,
    load: &'a mut dyn Load,
    context: Context,
    ops: Vec<Op>,
    text: Vec<u8>,
    /// Static text that is not yet an instruction.
    pending: Vec<u8>,
    /// Whether the last instruction came from there, so that no jump leads behind it.
    fresh: bool,
    /// Where in it the value of a URL attribute begins that has no dynamic part yet.
    url: Option<usize>,
    slots: Vec<Slot>,
    names: Vec<Box<str>>,
    /// Paths of one name, and its number.
    single: BTreeMap<(Start, Box<str>), u32>,
    converters: Vec<(Box<str>, convert::Converter)>,
    sources: Vec<Arc<Source>>,
    /// The names of the items of the loops around; `None` where fields are used by their own names.
    loops: Vec<Option<Box<str>>>,
    /// The included templates around.
    including: Vec<Box<str>>,
    included: Included,
    /// Sections that were used: the bindings they are in, by address, and their name.
    used: BTreeSet<(usize, Box<str>)>,
    depth: usize,
    /// What bodies, sections and included templates cost, counted as bytes: those without content
    /// must not multiply without end either.
    cost: usize,
}

/// What each costs at least.
const COST: usize = 64;

/// The sections in force.
struct Scope {
    bindings: Arc<Bindings>,
    outer: Sections,
}

type Sections = Option<Rc<Scope>>;

/// What a path leads to.
enum Target {
    Slot(u32),
    /// A section, and the sections in force within it.
    Section(Arc<Definition>, Sections),
}

impl<'a> Compiler<'a> {
    fn new(settings: &'a Settings, load: &'a mut dyn Load) -> Self {
        Self {
            settings,
            load,
            context: Context::new(),
            ops: Vec::new(),
            text: Vec::new(),
            pending: Vec::new(),
            fresh: false,
            url: None,
            slots: Vec::new(),
            names: Vec::new(),
            single: BTreeMap::new(),
            converters: Vec::new(),
            sources: Vec::new(),
            loops: Vec::new(),
            including: Vec::new(),
            included: Included::new(),
            used: BTreeSet::new(),
            depth: 0,
            cost: 0,
        }
    }

    fn finish(mut self) -> Result<Compiled, Error> {
        if !self.pending.is_empty() {
            self.emit_pending();
        }
        let program = Program {
            shares: self.ops.iter().filter(|op| matches!(op, Op::Share(_))).count(),
            ops: self.ops,
            text: Bytes::from(self.text),
            slots: self.slots,
            names: self.names,
            converters: self.converters,
            sources: self.sources,
        };
        Ok(Compiled { program, included: self.included })
    }

    fn definition(&mut self, definition: &Definition, sections: Sections) -> Result<(), Error> {
        let sections = definition.levels.iter().rev().fold(sections, |outer, bindings| {
            Some(Rc::new(Scope { bindings: bindings.clone(), outer }))
        });
        let base = &definition.base;
        self.deeper(&base.source, 0, |compiler| compiler.nodes(&base.nodes, base, &sections))
    }

    /// Does something one level deeper.
    fn deeper(
        &mut self,
        source: &Arc<Source>,
        offset: usize,
        work: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let most = self.settings.max_depth;
        // The outermost definition is no level.
        if self.depth > most {
            let message = format!(
                "tags, sections and included templates are nested deeper than {most} levels \
                 (max_depth)"
            );
            return Err(Error::new(ErrorKind::Limit, message, &at(source, offset)));
        }
        self.cost += COST;
        if self.cost > self.settings.max_size {
            return Err(self.too_large(&at(source, offset)));
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    fn nodes(
        &mut self,
        nodes: &[Node],
        fragment: &Fragment,
        sections: &Sections,
    ) -> Result<(), Error> {
        for node in nodes {
            match node {
                Node::Text(range) => self.text(range, fragment)?,
                Node::Brace => self.feed(b"{", &at(&fragment.source, 0))?,
                Node::Put(put) => self.put(put, fragment, sections)?,
                Node::If { arms, otherwise } => {
                    self.condition(arms, otherwise, fragment, sections)?;
                }
                Node::For(it) => self.for_each(it, fragment, sections)?,
                Node::Include { name, at } => self.include(name, *at, fragment, sections)?,
                Node::Block { name, at, body } => match self.section(name, sections) {
                    Some((definition, outer)) => {
                        self.section_here(&definition, outer, *at, fragment)?;
                    }
                    None => self.deeper(&fragment.source, *at, |compiler| {
                        compiler.nodes(body, fragment, sections)
                    })?,
                },
            }
        }
        Ok(())
    }

    fn text(&mut self, range: &Range<usize>, fragment: &Fragment) -> Result<(), Error> {
        let text = &fragment.source.text.as_bytes()[range.clone()];
        self.feed(text, &at(&fragment.source, range.start))
    }

    /// Static text.
    fn feed(&mut self, text: &[u8], from: &At) -> Result<(), Error> {
        if self.text.len() + self.pending.len() + text.len() > self.settings.max_size {
            return Err(self.too_large(from));
        }
        for (place, &byte) in text.iter().enumerate() {
            let event = self.context.feed(byte).map_err(|why| {
                let at = At { source: from.source.clone(), offset: from.offset + place };
                Error::new(ErrorKind::Context, why, &at)
            })?;
            if let Event::UrlEnds { media } = event {
                self.url = None;
                if self.context.watched {
                    self.emit_pending();
                    self.op(Op::UrlEnds { media });
                    self.context.watched = false;
                }
            }
            self.pending.push(byte);
            if event == Event::UrlBegins {
                self.url = Some(self.pending.len());
            }
        }
        Ok(())
    }

    /// Makes instructions of the static text so far, because something dynamic follows at `at`.
    fn flush(&mut self, at: &At) -> Result<(), Error> {
        if let Some(start) = self.url.take() {
            let value = self.context.url_so_far().unwrap_or_default();
            match url::judge(value.as_bytes(), self.context.is_media()) {
                Verdict::Harmless => {}
                Verdict::Refused => {
                    let message = "no value can be put into a URL that is code";
                    return Err(Error::new(ErrorKind::Context, message, at));
                }
                Verdict::Open => {
                    let value = self.pending.split_off(start);
                    self.emit_pending();
                    self.op(Op::UrlBegins);
                    self.context.watched = true;
                    self.pending = value;
                }
            }
        }
        self.emit_pending();
        self.context.value_is_mixed();
        let size = self.text.len() + self.ops.len() * size_of::<Op>();
        if size > self.settings.max_size { Err(self.too_large(at)) } else { Ok(()) }
    }

    fn emit_pending(&mut self) {
        self.fresh = !self.pending.is_empty();
        if !self.fresh {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let part = self.part(&pending);
        // What is judged must be in one buffer.
        let shared = pending.len() >= IoList::SMALL && !self.context.watched;
        self.op(if shared { Op::Share(part) } else { Op::Copy(part) });
    }

    /// Takes back the instruction before if it copies text that was pending just now.
    fn take_copy(&mut self) -> Part {
        if self.fresh
            && let Some(Op::Copy(part)) = self.ops.last().copied()
        {
            self.ops.pop();
            return part;
        }
        Part { start: 0, end: 0 }
    }

    fn part(&mut self, text: &[u8]) -> Part {
        let start = number(self.text.len());
        self.text.extend_from_slice(text);
        Part { start, end: number(self.text.len()) }
    }

    fn too_large(&self, at: &At) -> Error {
        let message = format!(
            "put together the template is larger than {} bytes (max_size)",
            self.settings.max_size
        );
        Error::new(ErrorKind::Limit, message, at)
    }

    fn put(&mut self, put: &Put, fragment: &Fragment, sections: &Sections) -> Result<(), Error> {
        let here = at(&fragment.source, put.span.start);
        let target = self.target(&put.path, fragment, sections)?;
        let slot = match target {
            Target::Section(definition, outer) => {
                if put.converter.is_some() && !put.raw {
                    let message = "a section cannot be converted";
                    return Err(Error::new(ErrorKind::Type, message, &here));
                }
                return self.section_here(&definition, outer, put.span.start, fragment);
            }
            Target::Slot(slot) => slot,
        };
        let refused = |why: String| Error::new(ErrorKind::Context, why, &here);
        if self.is_whole_tag(put, fragment) {
            self.flush(&here)?;
            self.slots[slot as usize].span = (number(put.span.start), number(put.span.end));
            self.op(Op::Put { slot, how: How::RawTag });
            return Ok(());
        }
        let place = self.context.put().map_err(refused)?;
        let how = match (place, put.raw) {
            (Place::Text, false) => How::Text,
            (Place::Text, true) => How::Raw,
            (Place::Quoted | Place::Url, false) => How::Quoted,
            (Place::Quoted | Place::Url, true) => How::RawQuoted,
            (Place::Json, _) => {
                if put.converter.as_deref() != Some("json") || put.default.is_some() {
                    return Err(refused(
                        "a script that is data takes values as `{name:json}` only".into(),
                    ));
                }
                How::Json
            }
        };
        self.flush(&here)?;
        if let Some(default) = &put.default {
            let default = escape::escape(default);
            let part = self.part(default.as_bytes());
            self.slots[slot as usize].default = Some(part);
        }
        self.slots[slot as usize].span = (number(put.span.start), number(put.span.end));
        let converter = match &put.converter {
            Some(name) => Some(self.converter(name, &here)?),
            None => None,
        };
        match converter {
            // What is raw is taken as it is, and its converter only has to be one.
            Some(converter) if !put.raw || place == Place::Json => {
                self.op(Op::Convert { slot, converter, how })
            }
            _ => {
                let Slot { start, count, first: name, .. } = self.slots[slot as usize];
                let depth = match start {
                    Start::Root if count == 1 => ROOT,
                    Start::Item(depth) if count == 1 => depth,
                    _ => {
                        self.op(Op::Put { slot, how });
                        return Ok(());
                    }
                };
                let before = self.take_copy();
                self.op(Op::Field { before, slot, name, depth, how })
            }
        };
        Ok(())
    }

    /// Whether it is all that stands between a `<` and a `>`: `<{.name}>`.
    fn is_whole_tag(&self, put: &Put, fragment: &Fragment) -> bool {
        put.raw
            && put.converter.is_none()
            && put.default.is_none()
            && self.context.may_begin_a_tag()
            && fragment.source.text[put.span.end..].starts_with('>')
    }

    fn converter(&mut self, name: &str, at: &At) -> Result<u16, Error> {
        let known = self.converters.iter().position(|(known, _)| &**known == name);
        let index = match known {
            Some(index) => index,
            None => {
                let Some(converter) = self.settings.converters.get(name) else {
                    let known: Vec<&str> =
                        self.settings.converters.keys().map(|name| &**name).collect();
                    let message = format!(
                        "no converter `{name}`; there are {} (a brace that is only text is \
                         written `{{'{{'}}`)",
                        known.join(", ")
                    );
                    return Err(Error::new(ErrorKind::UnknownConverter, message, at));
                };
                self.converters.push((name.into(), converter.clone()));
                self.converters.len() - 1
            }
        };
        u16::try_from(index).map_err(|_| {
            Error::new(ErrorKind::Limit, "more than 65,536 converters in one template", at)
        })
    }

    fn condition(
        &mut self,
        arms: &[(Condition, Vec<Node>)],
        otherwise: &[Node],
        fragment: &Fragment,
        sections: &Sections,
    ) -> Result<(), Error> {
        let Some((first, _)) = arms.first() else { return Ok(()) };
        let offset = first.path.span.start;
        self.flush(&at(&fragment.source, offset))?;
        let start = self.context.clone();
        let mut ends: Vec<Context> = Vec::new();
        let mut jumps = Vec::new();
        // Whether something is left for the arms that follow.
        let mut open = true;
        for (condition, body) in arms {
            let here = at(&fragment.source, condition.path.span.start);
            let unless = match self.target(&condition.path, fragment, sections)? {
                Target::Slot(slot) => {
                    Some(self.op(Op::Unless { slot, negated: condition.negated, to: 0 }))
                }
                // There is one, so the answer is known.
                Target::Section(..) if condition.negated => continue,
                Target::Section(..) => None,
            };
            self.context = start.clone();
            self.deeper(&fragment.source, here.offset, |it| it.nodes(body, fragment, sections))?;
            self.flush(&here)?;
            ends.push(self.context.clone());
            let Some(unless) = unless else {
                open = false;
                break;
            };
            jumps.push(self.op(Op::Jump(0)));
            self.patch(unless);
        }
        if open {
            self.context = start;
            self.deeper(&fragment.source, offset, |it| it.nodes(otherwise, fragment, sections))?;
            self.flush(&at(&fragment.source, offset))?;
            ends.push(self.context.clone());
        }
        for jump in jumps {
            self.patch(jump);
        }
        let mut ends = ends.into_iter();
        let Some(mut joined) = ends.next() else { return Ok(()) };
        for end in ends {
            joined = joined.join(&end).ok_or_else(|| {
                let message = format!(
                    "the branches end in different places: {} and {}",
                    joined.describe(),
                    end.describe()
                );
                Error::new(ErrorKind::Context, message, &at(&fragment.source, offset))
            })?;
        }
        self.context = joined;
        Ok(())
    }

    fn for_each(
        &mut self,
        it: &For,
        fragment: &Fragment,
        sections: &Sections,
    ) -> Result<(), Error> {
        let here = at(&fragment.source, it.list.span.start);
        let slot = match self.target(&it.list, fragment, sections)? {
            Target::Slot(slot) => slot,
            Target::Section(..) => {
                let message = "a section is no list";
                return Err(Error::new(ErrorKind::Type, message, &here));
            }
        };
        self.flush(&here)?;
        let start = self.context.clone();
        let head = self.op(Op::For { slot, to: 0 });
        self.loops.push(it.item.clone());
        let result =
            self.deeper(&fragment.source, here.offset, |c| c.nodes(&it.body, fragment, sections));
        self.loops.pop();
        result?;
        self.flush(&here)?;
        if start.join(&self.context).as_ref() != Some(&start) {
            let message = format!(
                "the body of the loop begins in {} and ends in {}",
                start.describe(),
                self.context.describe()
            );
            return Err(Error::new(ErrorKind::Context, message, &here));
        }
        self.op(Op::Next { back: head + 1 });
        if it.otherwise.is_empty() {
            self.patch(head);
            self.context = start;
            return Ok(());
        }
        let end = self.op(Op::Jump(0));
        self.patch(head);
        self.context = start.clone();
        self.deeper(&fragment.source, here.offset, |c| c.nodes(&it.otherwise, fragment, sections))?;
        self.flush(&here)?;
        self.patch(end);
        self.context = start.join(&self.context).ok_or_else(|| {
            let message = format!(
                "the loop ends in {} and its `{{#else}}` in {}",
                start.describe(),
                self.context.describe()
            );
            Error::new(ErrorKind::Context, message, &here)
        })?;
        Ok(())
    }

    fn include(
        &mut self,
        name: &str,
        offset: usize,
        fragment: &Fragment,
        sections: &Sections,
    ) -> Result<(), Error> {
        let here = at(&fragment.source, offset);
        if self.including.iter().any(|around| &**around == name) {
            let way = self.including.join("` includes `");
            let message = format!("`{way}` includes `{name}`, which never ends");
            return Err(Error::new(ErrorKind::Cycle, message, &here));
        }
        let definition = match self.included.get(name) {
            Some(definition) => definition.clone(),
            None => {
                let definition = self.load.load(name, &here)?;
                self.included.insert(name.into(), definition.clone());
                definition
            }
        };
        self.including.push(name.into());
        let before = self.context.clone();
        let result = self.definition(&definition, sections.clone());
        self.including.pop();
        result?;
        self.stayed(&before, &format!("the included template `{name}`"), &here)
    }

    /// A section in the place of a name or a block.
    fn section_here(
        &mut self,
        definition: &Definition,
        outer: Sections,
        offset: usize,
        fragment: &Fragment,
    ) -> Result<(), Error> {
        let before = self.context.clone();
        self.definition(definition, outer)?;
        self.stayed(&before, "the section in this place", &at(&fragment.source, offset))
    }

    /// What is put into a place must end in the same.
    fn stayed(&mut self, before: &Context, what: &str, at: &At) -> Result<(), Error> {
        let mut normal = before.clone();
        normal.value_is_mixed();
        let mut now = self.context.clone();
        now.value_is_mixed();
        now.watched = normal.watched;
        if normal.join(&now).as_ref() == Some(&normal) {
            return Ok(());
        }
        let message =
            format!("{what} begins in {} and ends in {}", before.describe(), now.describe());
        Err(Error::new(ErrorKind::Context, message, at))
    }

    fn moved(&self, fragment: &Fragment, start: &Context) -> Error {
        let message = format!(
            "the body of the loop begins in {} and ends in {}",
            start.describe(),
            self.context.describe()
        );
        Error::new(ErrorKind::Context, message, &at(&fragment.source, 0))
    }

    fn ends_in_text(&self, fragment: &Fragment) -> Result<(), Error> {
        if self.context.is_text() {
            return Ok(());
        }
        let message = format!("the template ends in {}", self.context.describe());
        let source = &fragment.source;
        Err(Error::new(ErrorKind::Context, message, &at(source, source.text.trim_end().len())))
    }

    /// Sections of the last level that nobody asked for are misspelled.
    fn all_bound(&self, definition: &Definition) -> Result<(), Error> {
        let Some(bindings) = definition.levels.last() else { return Ok(()) };
        let level = Arc::as_ptr(bindings).addr();
        for (name, Binding { at, .. }) in &**bindings {
            if !self.used.contains(&(level, name.clone())) {
                let base = &definition.base.source;
                let message = format!("`{}` has no place for a section `{name}`", base.name);
                let here = At { source: base.clone(), offset: 0 };
                return Err(Error::new(ErrorKind::NotFound, message, at.as_ref().unwrap_or(&here)));
            }
        }
        Ok(())
    }

    fn section(&mut self, name: &str, sections: &Sections) -> Option<(Arc<Definition>, Sections)> {
        let mut next = sections.as_ref();
        while let Some(scope) = next {
            if let Some(binding) = scope.bindings.get(name) {
                self.used.insert((Arc::as_ptr(&scope.bindings).addr(), name.into()));
                return Some((binding.definition.clone(), scope.outer.clone()));
            }
            next = scope.outer.as_ref();
        }
        None
    }

    /// What a path leads to: the item of a loop, a section, or the data.
    fn target(
        &mut self,
        path: &Path,
        fragment: &Fragment,
        sections: &Sections,
    ) -> Result<Target, Error> {
        let Some((first, rest)) = path.names.split_first() else {
            let here = at(&fragment.source, path.span.start);
            return Err(Error::new(ErrorKind::Syntax, "a name is missing", &here));
        };
        let named = self.loops.iter().rposition(|item| item.as_deref() == Some(first));
        let depth = |index: usize| u8::try_from(index).unwrap_or(u8::MAX);
        let (start, names) = if let Some(index) = named {
            (Start::Item(depth(index)), rest)
        } else if &**first == "loop" && !self.loops.is_empty() {
            let counter = match rest {
                [name] => Counter::of(name),
                _ => None,
            };
            let Some(counter) = counter else {
                let message = "of a loop there are `loop.index`, `loop.number`, `loop.first`, \
                               `loop.last` and `loop.length`";
                let here = at(&fragment.source, path.span.start);
                return Err(Error::new(ErrorKind::Syntax, message, &here));
            };
            (Start::Counter(depth(self.loops.len() - 1), counter), &[][..])
        } else if let Some((definition, outer)) = self.section(first, sections) {
            if !rest.is_empty() {
                let message = format!("`{first}` is a section here, and has no `{}`", rest[0]);
                let here = at(&fragment.source, path.span.start);
                return Err(Error::new(ErrorKind::Type, message, &here));
            }
            return Ok(Target::Section(definition, outer));
        } else {
            let unnamed = self.loops.iter().enumerate().filter(|(_, item)| item.is_none());
            let mask = unnamed.fold(0u64, |mask, (index, _)| mask | 1 << index);
            let start = if mask == 0 { Start::Root } else { Start::Search(mask) };
            (start, &path.names[..])
        };
        let source = self.source(&fragment.source);
        let first = match names {
            // One memory for all places that ask for the same.
            [name] => *self.single.entry((start, name.clone())).or_insert_with(|| {
                self.names.push(name.clone());
                number(self.names.len() - 1)
            }),
            _ => {
                self.names.extend(names.iter().cloned());
                number(self.names.len() - names.len())
            }
        };
        Ok(Target::Slot(self.slot(Slot {
            start,
            first,
            count: number(names.len()),
            default: None,
            source,
            span: (number(path.span.start), number(path.span.end)),
            path: number(path.span.start),
        })))
    }

    fn source(&mut self, source: &Arc<Source>) -> u32 {
        let known = self.sources.iter().position(|known| Arc::ptr_eq(known, source));
        number(known.unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        }))
    }

    fn slot(&mut self, slot: Slot) -> u32 {
        self.slots.push(slot);
        number(self.slots.len() - 1)
    }

    /// Adds an instruction; gives its number.
    fn op(&mut self, op: Op) -> u32 {
        self.ops.push(op);
        number(self.ops.len() - 1)
    }

    /// Lets a jump lead to the next instruction.
    fn patch(&mut self, op: u32) {
        let here = number(self.ops.len());
        if let Op::Unless { to, .. } | Op::Jump(to) | Op::For { to, .. } =
            &mut self.ops[op as usize]
        {
            *to = here;
        }
    }
}

fn at(source: &Arc<Source>, offset: usize) -> At {
    At { source: source.clone(), offset }
}

/// Sizes are kept below 4 GiB by `max_size`.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
