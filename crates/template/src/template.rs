//! One template.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pauper_iolist::{Html, IoList};

use crate::compile::{self, Compiled, LoopParts};
use crate::definition::{Binding, Bindings, Definition, Included, Known, Load};
use crate::error::{Error, ErrorKind};
use crate::program::Program;
use crate::render;
use crate::settings::Settings;
use crate::source::{At, Source};
use crate::syntax;
use crate::value::{List, Record, ToValue};

/// A template that was read and checked, ready to be rendered. Cheap to clone.
#[derive(Clone)]
pub struct Template {
    inner: Arc<Inner>,
}

struct Inner {
    definition: Arc<Definition>,
    included: Included,
    ready: Ready,
}

/// A program and what it needs to run.
struct Ready {
    program: Program,
    settings: Settings,
    /// What the last render gave, so that the next one begins with a buffer of that size.
    room: AtomicUsize,
}

/// A buffer that is given beforehand is not larger than this; one page that was huge must not make
/// all that follow reserve as much.
const MOST_ROOM: usize = 1 << 20;

impl Ready {
    fn new(program: Program, settings: &Settings) -> Self {
        Self { program, settings: settings.clone(), room: AtomicUsize::new(0) }
    }

    fn render(&self, data: &dyn Record, items: Option<&dyn List>) -> Result<Html<IoList>, Error> {
        let room = self.room.load(Ordering::Relaxed);
        let page = render::render(&self.program, &self.settings, data, items, room)?;
        let copied = page.copied;
        let wanted = copied.saturating_add(copied / 16 + 32).min(MOST_ROOM);
        // Written only when it matters, so that cores do not fight for it.
        if copied > room || wanted < room / 2 {
            self.room.store(wanted, Ordering::Relaxed);
        }
        Ok(Html(page.list))
    }
}

impl Template {
    /// Reads a template with the default [`Settings`]; errors call it `template`.
    ///
    /// # Errors
    ///
    /// As [`Settings::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Settings::new().parse("template", text)
    }

    pub(crate) fn with(settings: &Settings, name: &str, text: &str) -> Result<Self, Error> {
        let definition = definition(settings, name, text)?;
        Self::compile(definition, settings, &mut Known(&Included::new()))
    }

    pub(crate) fn compile(
        definition: Arc<Definition>,
        settings: &Settings,
        load: &mut dyn Load,
    ) -> Result<Self, Error> {
        let Compiled { program, included } = compile::template(&definition, settings, load)?;
        let ready = Ready::new(program, settings);
        Ok(Self { inner: Arc::new(Inner { definition, included, ready }) })
    }

    /// The page that this data gives.
    ///
    /// Static parts of 512 bytes and more are in it as slices of the template; all other is copied
    /// into one buffer, or a few.
    ///
    /// # Errors
    ///
    /// When a value is missing, of the wrong kind, or refused by its converter, with the place in
    /// the template. Nothing is given then, be the mistake at the very end.
    pub fn render(&self, data: &dyn Record) -> Result<Html<IoList>, Error> {
        self.inner.ready.render(data, None)
    }

    /// The template with sections in the places of some names.
    ///
    /// Where the template has `{title}`, `{.title}` or `{#block title}`, the result has the section
    /// `title`: text, which is read as a template, or a template. A section is rendered with the
    /// data of the whole; a name in it that is its own name means the data's value (or, after the
    /// result was extended itself, the section bound then). Names that no section takes stay what
    /// they were.
    ///
    /// ```
    /// use pauper_template::{Template, values};
    ///
    /// let page = Template::parse("<title>{title}</title>{.body}")?;
    /// let hello = page.extend([("title", "Hello"), ("body", "<p>Hello, {name}!")])?;
    /// let html = hello.render(&values! { name: "<J>" })?;
    /// assert_eq!(html.0, "<title>Hello</title><p>Hello, &lt;J&gt;!");
    /// # Ok::<(), pauper_template::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a section is wrong by itself or in its place, has a name that the template does not
    /// use, or is given twice.
    pub fn extend<N: AsRef<str>, S: Into<Section>>(
        &self,
        sections: impl IntoIterator<Item = (N, S)>,
    ) -> Result<Self, Error> {
        let Inner { definition: base, included, ready } = &*self.inner;
        let mut bindings = Bindings::new();
        let mut included = included.clone();
        for (name, section) in sections {
            let name = name.as_ref();
            let label = format!("{}: section {name}", base.base.source.name);
            let definition = match section.into().0 {
                Part::Text(text) => definition(&ready.settings, &label, &text)?,
                Part::Template(template) => {
                    included.extend(template.inner.included.clone());
                    template.inner.definition.clone()
                }
            };
            if bindings.insert(name.into(), Binding { definition, at: None }).is_some() {
                let message = format!("the section `{name}` is there twice");
                return Err(Error::of_file(ErrorKind::Syntax, message, &label));
            }
        }
        let extended = Arc::new(base.extended(bindings));
        Self::compile(extended, &ready.settings, &mut Known(&included))
    }
}

/// What takes the place of a name: text that is read as a template, or a template.
pub struct Section(Part);

enum Part {
    Text(String),
    Template(Template),
}

impl From<&str> for Section {
    fn from(text: &str) -> Self {
        Self(Part::Text(text.into()))
    }
}

impl From<String> for Section {
    fn from(text: String) -> Self {
        Self(Part::Text(text))
    }
}

impl From<Template> for Section {
    fn from(template: Template) -> Self {
        Self(Part::Template(template))
    }
}

impl From<&Template> for Section {
    fn from(template: &Template) -> Self {
        template.clone().into()
    }
}

/// A list with what stands before, behind, and in place of it.
///
/// When there is nothing in the list, `otherwise` is the whole output. A template can do the same
/// with `{#if rows}…{#for rows}…{/for}…{#else}…{/if}`; this takes items that are in no record, and
/// is what files beginning with `<loop>` are.
///
/// ```
/// use pauper_template::{Loop, values};
///
/// let list = Loop::parse("<ul>", "<li>{name}", "</ul>", Some("none"))?;
/// let rows = ["a", "b"].map(|name| values! { name });
/// assert_eq!(list.render(&rows, &())?.0, "<ul><li>a<li>b</ul>");
/// assert_eq!(list.render(&[(); 0], &())?.0, "none");
/// # Ok::<(), pauper_template::Error>(())
/// ```
#[derive(Clone)]
pub struct Loop {
    ready: Arc<Ready>,
}

impl Loop {
    /// Reads the four parts with the default [`Settings`].
    ///
    /// # Errors
    ///
    /// As [`Settings::parse`]; and when the body does not end where in HTML it began.
    pub fn parse(
        preamble: &str,
        body: &str,
        epilogue: &str,
        otherwise: Option<&str>,
    ) -> Result<Self, Error> {
        Self::with(&Settings::new(), preamble, body, epilogue, otherwise)
    }

    /// Reads the four parts.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn with(
        settings: &Settings,
        preamble: &str,
        body: &str,
        epilogue: &str,
        otherwise: Option<&str>,
    ) -> Result<Self, Error> {
        let parts = LoopParts {
            preamble: definition(settings, "preamble", preamble)?,
            body: definition(settings, "body", body)?,
            epilogue: definition(settings, "epilogue", epilogue)?,
            otherwise: otherwise.map(|text| definition(settings, "otherwise", text)).transpose()?,
        };
        Self::compile(&parts, settings, &mut Known(&Included::new()))
    }

    pub(crate) fn compile(
        parts: &LoopParts,
        settings: &Settings,
        load: &mut dyn Load,
    ) -> Result<Self, Error> {
        let Compiled { program, .. } = compile::looped(parts, settings, load)?;
        Ok(Self { ready: Arc::new(Ready::new(program, settings)) })
    }

    /// The output for these items, which may come from any iterator: `&rows`, or
    /// `rows.iter().filter(…)`. They are collected first, since a body may ask for the last one and
    /// for how many there are.
    ///
    /// In the body the names of an item's fields come before those of `context`; the other parts
    /// have the `context` alone. Where there is none, give `&()`.
    ///
    /// # Errors
    ///
    /// As [`Template::render`].
    pub fn render<I>(&self, items: I, context: &dyn Record) -> Result<Html<IoList>, Error>
    where
        I: IntoIterator<Item: ToValue>,
    {
        let items: Vec<I::Item> = items.into_iter().collect();
        self.render_list(&items, context)
    }

    /// The same for a [`List`], of which nothing is collected.
    ///
    /// # Errors
    ///
    /// As [`Template::render`].
    pub fn render_list(
        &self,
        items: &dyn List,
        context: &dyn Record,
    ) -> Result<Html<IoList>, Error> {
        self.ready.render(context, Some(items))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.inner.definition.base.source;
        f.debug_struct("Template").field("source", &source.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").finish_non_exhaustive()
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Part::Text(text) => f.debug_tuple("Section").field(text).finish(),
            Part::Template(template) => f.debug_tuple("Section").field(template).finish(),
        }
    }
}

/// A text as the definition of a template.
fn definition(settings: &Settings, name: &str, text: &str) -> Result<Arc<Definition>, Error> {
    let source = checked_source(settings, name, text)?;
    let fragment = syntax::parse(&source, 0..text.len(), settings.max_depth)?;
    Ok(Arc::new(Definition::new(fragment)))
}

/// A text that is not too large.
pub(crate) fn checked_source(
    settings: &Settings,
    name: &str,
    text: &str,
) -> Result<Arc<Source>, Error> {
    if text.len() > settings.max_size {
        let message = format!("the text is larger than {} bytes (max_size)", settings.max_size);
        return Err(Error::of_file(ErrorKind::Limit, message, name));
    }
    Ok(Arc::new(Source::new(name, text)))
}

/// For those who need a place and have none.
pub(crate) fn start_of(source: &Arc<Source>) -> At {
    At { source: source.clone(), offset: 0 }
}
