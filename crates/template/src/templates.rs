//! Templates by name, that know one another.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::compile::LoopParts;
use crate::definition::{Binding, Bindings, Definition, Included, Load};
use crate::error::{Error, ErrorKind};
use crate::sections::{self, Part, Shape};
use crate::settings::Settings;
use crate::source::{At, Source};
use crate::syntax;
use crate::template::{Loop, Template, checked_source, start_of};

/// Templates that include and extend one another by name: the files of a folder, or texts that are
/// part of the program.
///
/// A template is read when it is first asked for, and kept. In debug mode (see
/// [`Settings::with_debug`]) the files that it is made of are compared each time, and it is read
/// again when one has changed.
///
/// ```
/// use pauper_template::{Settings, Templates, values};
///
/// let templates = Templates::embedded(Settings::new(), &[
///     ("base", "<title>{title}</title>{#block body}nothing{/block}"),
///     ("page", "<extend>base<?title?>Hi, {name}<?body?><p>{#include line}</extend>"),
///     ("line", "It is you, {name}."),
/// ]);
/// let page = templates.get("page")?;
/// let html = page.render(&values! { name: "Ada" })?;
/// assert_eq!(html.0, "<title>Hi, Ada</title><p>It is you, Ada.");
/// # Ok::<(), pauper_template::Error>(())
/// ```
pub struct Templates {
    settings: Settings,
    origin: Origin,
    kept: RwLock<HashMap<Box<str>, Kept>>,
}

pub(crate) enum Origin {
    #[cfg(feature = "folder")]
    Folder(crate::folder::Folder),
    Embedded(&'static [(&'static str, &'static str)]),
}

/// What a name stands for, ready.
#[derive(Clone)]
enum Made {
    Template(Template),
    Loop(Loop),
}

#[derive(Clone)]
struct Kept {
    made: Made,
    /// All that was read for it.
    sources: Arc<[(Box<str>, Arc<Source>)]>,
}

/// What a text is, before it is compiled.
enum Unit {
    Template(Arc<Definition>),
    Loop(LoopParts),
}

impl Templates {
    /// Texts of the program, by name; typically by `include_str!`.
    pub fn embedded(settings: Settings, texts: &'static [(&'static str, &'static str)]) -> Self {
        Self::from(settings, Origin::Embedded(texts))
    }

    /// The files of a folder that end in `.tpl`, by their name without it. Those in folders below
    /// have names with slashes. Names are letters, digits, `_`, `-` and dots; nothing that begins
    /// with a dot is ever looked at.
    ///
    /// # Errors
    ///
    /// When there is no such folder.
    #[cfg(feature = "folder")]
    pub fn folder(settings: Settings, path: impl Into<std::path::PathBuf>) -> Result<Self, Error> {
        Self::folder_with(settings, path, ".tpl")
    }

    /// As [`folder`](Self::folder), with another extension.
    ///
    /// # Errors
    ///
    /// When there is no such folder.
    #[cfg(feature = "folder")]
    pub fn folder_with(
        settings: Settings,
        path: impl Into<std::path::PathBuf>,
        extension: &str,
    ) -> Result<Self, Error> {
        let folder = crate::folder::Folder::open(path.into(), extension)?;
        Ok(Self::from(settings, Origin::Folder(folder)))
    }

    fn from(settings: Settings, origin: Origin) -> Self {
        Self { settings, origin, kept: RwLock::default() }
    }

    /// The template of this name.
    ///
    /// # Errors
    ///
    /// When there is none, it is a loop, or something is wrong with it or with one that it is made
    /// of.
    pub fn get(&self, name: &str) -> Result<Template, Error> {
        match self.made(name)? {
            Made::Template(template) => Ok(template),
            Made::Loop(_) => Err(self.other(name, "is a loop (`get_loop` gives it)")),
        }
    }

    /// The loop of this name: a file that begins with `<loop>`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_loop(&self, name: &str) -> Result<Loop, Error> {
        match self.made(name)? {
            Made::Loop(it) => Ok(it),
            Made::Template(_) => Err(self.other(name, "is a template and no loop")),
        }
    }

    /// Forgets all that was read.
    pub fn forget(&self) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Reads all templates there are, and says how many.
    ///
    /// Worth a test in every application, or a call before it serves.
    ///
    /// # Errors
    ///
    /// All mistakes, in the order of names.
    pub fn check(&self) -> Result<usize, Vec<Error>> {
        let names = self.names().map_err(|error| vec![error])?;
        let errors: Vec<Error> = names.iter().filter_map(|name| self.made(name).err()).collect();
        if errors.is_empty() { Ok(names.len()) } else { Err(errors) }
    }

    /// The names of all templates, in order.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = match &self.origin {
            #[cfg(feature = "folder")]
            Origin::Folder(folder) => folder.names()?,
            Origin::Embedded(texts) => texts.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        names.sort();
        Ok(names)
    }

    fn other(&self, name: &str, what: &str) -> Error {
        let message = format!("`{name}` {what}");
        Error::of_file(ErrorKind::Type, message, &self.label(name))
    }

    fn made(&self, name: &str) -> Result<Made, Error> {
        let kept = {
            let all = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            all.get(name).cloned()
        };
        if let Some(kept) = kept
            && (!self.settings.debug || self.is_fresh(&kept))
        {
            return Ok(kept.made);
        }
        let kept = self.make(name)?;
        let made = kept.made.clone();
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), kept);
        Ok(made)
    }

    fn is_fresh(&self, kept: &Kept) -> bool {
        kept.sources.iter().all(
            |(name, source)| matches!(self.read(name), Ok(Some(text)) if *text == *source.text),
        )
    }

    fn make(&self, name: &str) -> Result<Kept, Error> {
        let mut loader = Loader {
            templates: self,
            sources: Vec::new(),
            loaded: Included::new(),
            extending: Vec::new(),
        };
        let made = match loader.unit(name, None)? {
            Unit::Template(definition) => {
                Made::Template(Template::compile(definition, &self.settings, &mut loader)?)
            }
            Unit::Loop(parts) => Made::Loop(Loop::compile(&parts, &self.settings, &mut loader)?),
        };
        Ok(Kept { made, sources: loader.sources.into() })
    }

    fn read(&self, name: &str) -> Result<Option<std::borrow::Cow<'static, str>>, Error> {
        match &self.origin {
            #[cfg(feature = "folder")]
            Origin::Folder(folder) => {
                let text = folder.read(name, self.settings.max_size)?;
                Ok(text.map(std::borrow::Cow::Owned))
            }
            Origin::Embedded(texts) => {
                let found = texts.iter().find(|(known, _)| *known == name);
                Ok(found.map(|(_, text)| std::borrow::Cow::Borrowed(*text)))
            }
        }
    }

    /// How errors call the text.
    fn label(&self, name: &str) -> String {
        match &self.origin {
            #[cfg(feature = "folder")]
            Origin::Folder(folder) => folder.label(name),
            Origin::Embedded(_) => name.to_owned(),
        }
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates")
            .field("settings", &self.settings)
            .field("names", &self.names().map_err(|error| error.to_string()))
            .finish_non_exhaustive()
    }
}

/// Reads what one template is made of.
struct Loader<'a> {
    templates: &'a Templates,
    sources: Vec<(Box<str>, Arc<Source>)>,
    loaded: Included,
    /// The templates that wait for their base.
    extending: Vec<Box<str>>,
}

impl Load for Loader<'_> {
    fn load(&mut self, name: &str, at: &At) -> Result<Arc<Definition>, Error> {
        if let Some(definition) = self.loaded.get(name) {
            return Ok(definition.clone());
        }
        match self.unit(name, Some(at))? {
            Unit::Template(definition) => Ok(definition),
            Unit::Loop(_) => {
                let message = format!("`{name}` is a loop, which has a place only in programs");
                Err(Error::new(ErrorKind::Type, message, at))
            }
        }
    }
}

impl Loader<'_> {
    /// Reads a text; `at` is where it is named.
    fn unit(&mut self, name: &str, at: Option<&At>) -> Result<Unit, Error> {
        let settings = &self.templates.settings;
        let label = self.templates.label(name);
        let wrong = |kind, message: String| match at {
            Some(at) => Error::new(kind, message, at),
            None => Error::of_file(kind, message, &label),
        };
        if !is_name(name) {
            let message = format!(
                "`{name}` is no name of a template: letters, digits, `_`, `-`, dots not in front, \
                 and slashes between"
            );
            return Err(wrong(ErrorKind::Name, message));
        }
        if self.extending.iter().any(|waiting| &**waiting == name) {
            let way = self.extending.join("` extends `");
            return Err(wrong(ErrorKind::Cycle, format!("`{way}` extends `{name}` again")));
        }
        if self.extending.len() >= settings.max_depth {
            let message = format!(
                "more than {} templates extend one another (max_depth)",
                settings.max_depth
            );
            return Err(wrong(ErrorKind::Limit, message));
        }
        let Some(text) = self.templates.read(name)? else {
            return Err(wrong(ErrorKind::NotFound, format!("there is no template `{name}`")));
        };
        let source = checked_source(settings, &label, &text)?;
        self.sources.push((name.into(), source.clone()));
        match sections::shape(&source)? {
            Shape::Plain(range) => {
                let fragment = syntax::parse(&source, range, settings.max_depth)?;
                let definition = Arc::new(Definition::new(fragment));
                self.loaded.insert(name.into(), definition.clone());
                Ok(Unit::Template(definition))
            }
            Shape::Extend { base, sections } => {
                let here = At { source: source.clone(), offset: base.start };
                let base_name = source.text[base].to_owned();
                self.extending.push(name.into());
                let base = self.load(&base_name, &here);
                self.extending.pop();
                let base = base?;
                let mut bindings = Bindings::new();
                for part in sections {
                    let definition = self.part(&source, &part)?;
                    let at = Some(At { source: source.clone(), offset: part.at });
                    bindings.insert(part.name, Binding { definition, at });
                }
                let definition = Arc::new(base.extended(bindings));
                self.loaded.insert(name.into(), definition.clone());
                Ok(Unit::Template(definition))
            }
            Shape::Loop { preamble, sections } => {
                let fragment = syntax::parse(&source, preamble, settings.max_depth)?;
                let preamble = Arc::new(Definition::new(fragment));
                let (mut body, mut epilogue, mut otherwise) = (None, None, None);
                for part in sections {
                    let slot = match &*part.name {
                        "begin" => &mut body,
                        "end" => &mut epilogue,
                        "else" => &mut otherwise,
                        other => {
                            let message = format!(
                                "a loop has no section `{other}`, only `begin`, `end` and `else`"
                            );
                            let at = At { source: source.clone(), offset: part.at };
                            return Err(Error::new(ErrorKind::NotFound, message, &at));
                        }
                    };
                    *slot = Some(self.part(&source, &part)?);
                }
                let Some(body) = body else {
                    let message = "the loop has no body: `<?begin?>` is missing";
                    return Err(Error::new(ErrorKind::Syntax, message, &start_of(&source)));
                };
                let epilogue = match epilogue {
                    Some(epilogue) => epilogue,
                    None => Arc::new(Definition::new(syntax::parse(&source, 0..0, 0)?)),
                };
                Ok(Unit::Loop(LoopParts { preamble, body, epilogue, otherwise }))
            }
        }
    }

    fn part(&self, source: &Arc<Source>, part: &Part) -> Result<Arc<Definition>, Error> {
        let depth = self.templates.settings.max_depth;
        let fragment = syntax::parse(source, part.content.clone(), depth)?;
        Ok(Arc::new(Definition::new(fragment)))
    }
}

/// Whether a template may be called so. Such a name stays in its folder on every system.
fn is_name(name: &str) -> bool {
    name.len() <= 255
        && name.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.ends_with('.')
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        })
}
