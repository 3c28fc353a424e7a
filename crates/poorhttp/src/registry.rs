//! Which application is served.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pauper::App;
use pauper::auth::digest::Digest;
use pauper::auth::passwords::Passwords;
use pauper::auth::{Secret, SystemRandom};
use pauper::files::Folder;
use pauper::message::Service as _;

use crate::keys;
use crate::options::Options;

type Make = Box<dyn Fn(&Options) -> App + Send + Sync>;

/// Several applications in one program, of which `module` in the configuration file or `-w` on the
/// command line chooses one. The first one is served if none is chosen.
///
/// The originals load a file or module by its name; as its folder and extension do not count there,
/// `module = /usr/share/site/simple.py` is `simple` here, too.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use pauper::{App, Request};
/// use poorhttp::{Options, Registry};
///
/// fn shop(_: &Options) -> App {
///     let mut app = App::new("shop");
///     app.get("/", |_: &mut Request| "pots");
///     app
/// }
///
/// fn main() -> ExitCode {
///     Registry::new().with("shop", shop).with("empty", |_| App::new("empty")).run()
/// }
/// ```
#[derive(Default)]
pub struct Registry {
    apps: Vec<(String, Make)>,
}

impl Registry {
    /// Without applications.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, and how it is made. It is made anew when the configuration is read again.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&Options) -> App + Send + Sync + 'static,
    ) -> Self {
        self.apps.push((name.into(), Box::new(make)));
        self
    }

    /// Serves the one that the options name; see [`run`](crate::run).
    pub fn run(self) -> ExitCode {
        crate::daemon::main(Apps::Registry(self))
    }

    fn find(&self, module: Option<&str>) -> Result<&Make, String> {
        let names = || self.apps.iter().map(|(name, _)| name.as_str());
        let Some(module) = module else {
            return self
                .apps
                .first()
                .map(|(_, make)| make)
                .ok_or_else(|| "there is no application in this program".to_owned());
        };
        let stem = Path::new(module).file_stem().and_then(|stem| stem.to_str()).unwrap_or(module);
        self.apps.iter().find(|(name, _)| name == stem).map(|(_, make)| make).ok_or_else(|| {
            let mut why = format!("module: there is no application {stem:?} in this program");
            match keys::similar(stem, names()) {
                Some(meant) => why.push_str(&format!("; did you mean {meant}?")),
                None => {
                    why.push_str(&format!(
                        "; there are {}",
                        names().collect::<Vec<_>>().join(", ")
                    ));
                }
            }
            why
        })
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.apps.iter().map(|(name, _)| name)).finish()
    }
}

/// Where applications come from.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Apps {
    /// It was made before.
    One(Mutex<One>),
    /// It depends on the options.
    Made(Make),
    Registry(Registry),
}

/// An application, before and after it was made ready.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum One {
    Raw(Option<App>),
    Ready(Arc<App>),
}

impl Apps {
    pub(crate) fn one(app: App) -> Self {
        Self::One(Mutex::new(One::Raw(Some(app))))
    }

    /// Whether the options name one that there is.
    pub(crate) fn check(&self, options: &Options) -> Result<(), String> {
        match self {
            Self::Registry(registry) => registry.find(options.module()).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Makes the application that the options name, with its variables and files.
    pub(crate) fn make(&self, options: &Options) -> Result<Arc<App>, String> {
        match self {
            Self::Registry(registry) => ready(registry.find(options.module())?(options), options),
            Self::Made(make) => ready(make(options), options),
            Self::One(one) => {
                let mut one = one.lock().unwrap_or_else(PoisonError::into_inner);
                let app = match &mut *one {
                    One::Ready(app) => return Ok(Arc::clone(app)),
                    One::Raw(app) => app.take().ok_or("the application could not be made")?,
                };
                let app = ready(app, options)?;
                *one = One::Ready(Arc::clone(&app));
                Ok(app)
            }
        }
    }
}

fn ready(mut app: App, options: &Options) -> Result<Arc<App>, String> {
    if let Some(on) = options.app_debug() {
        app.debug(on);
    }
    app.variables(options.environ());
    if let Some(root) = options.root() {
        // begin: files
        let folder = Folder::new(root).map_err(|error| error.to_string())?;
        let folder = folder.index(options.index());
        app.fallback(match options.upload() {
            0 => folder,
            limit => folder.uploads(limit),
        });
        // end: files
    }
    if let Some(file) = options.given("digest_file") {
        app.hook(login(file, options.text("realm"))?);
    }
    app.check().map_err(|mistakes| mistakes.to_string())?;
    Ok(Arc::new(app))
}

/// A digest login of the users of a file. The secret is that of the process and of those that it
/// forks, so that a client stays logged in when the configuration is read again.
fn login(file: &str, realm: &str) -> Result<Digest, String> {
    static SECRET: OnceLock<Secret> = OnceLock::new();
    let secret = match SECRET.get() {
        Some(secret) => secret.clone(),
        None => {
            let drawn = Secret::random(&SystemRandom).map_err(|error| error.to_string())?;
            SECRET.get_or_init(|| drawn).clone()
        }
    };
    let users = Passwords::open(file).map_err(|error| format!("digest_file: {error}"))?;
    Digest::builder(realm, secret, users).build().map_err(|error| format!("digest_file: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(module: &str) -> Result<String, String> {
        let registry =
            Registry::new().with("shop", |_| App::new("shop")).with("demo", |_| App::new("demo"));
        let line: &[&str] = if module.is_empty() { &["p"] } else { &["p", "-w", module] };
        let options = Options::parse(line.iter().map(|word| word.to_string()).collect::<Vec<_>>());
        Apps::Registry(registry).make(&options.unwrap()).map(|app| app.name().to_owned())
    }

    #[test]
    fn applications_are_chosen_by_name() {
        assert_eq!(chosen("").unwrap(), "shop");
        assert_eq!(chosen("demo").unwrap(), "demo");
        assert_eq!(chosen("/usr/share/poorhttp/demo.py").unwrap(), "demo");
        let why = "module: there is no application \"dmeo\" in this program; did you mean demo?";
        assert_eq!(chosen("dmeo").unwrap_err(), why);
        let why = "module: there is no application \"x\" in this program; there are shop, demo";
        assert_eq!(chosen("x").unwrap_err(), why);
    }

    #[test]
    fn one_application_stays_the_same() {
        let apps = Apps::one(App::new("a"));
        let options = Options::default();
        assert!(Arc::ptr_eq(&apps.make(&options).unwrap(), &apps.make(&options).unwrap()));
    }
}
