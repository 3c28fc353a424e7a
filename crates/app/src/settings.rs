//! Settings that come from outside: variables of the environment, or of a configuration file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::app::App;

/// A key that is neither printed nor logged: it has no `Debug` that shows it.
///
/// It cannot be compared either: who compares secrets takes a function whose time tells nothing.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into().into_boxed_slice())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What the application was told by its program and by variables; see [`App::variables`].
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    debug: Setting<bool>,
    document_root: Setting<Option<PathBuf>>,
    document_index: Setting<bool>,
    secret_key: Setting<Option<Secret>>,
    pub(crate) options: BTreeMap<String, String>,
}

/// A value of the program, and one of a variable, which wins.
#[derive(Clone, Debug)]
struct Setting<T> {
    program: T,
    variable: Option<T>,
}

impl<T> Setting<T> {
    fn new(program: T) -> Self {
        Self { program, variable: None }
    }

    fn get(&self) -> &T {
        self.variable.as_ref().unwrap_or(&self.program)
    }
}

impl Settings {
    pub(crate) fn new() -> Self {
        Self {
            debug: Setting::new(false),
            document_root: Setting::new(None),
            document_index: Setting::new(false),
            secret_key: Setting::new(None),
            options: BTreeMap::new(),
        }
    }
}

impl App {
    /// Whether pages of errors show clients on this machine, and [listed](Self::debug_peers) ones,
    /// what went wrong, and `/debug-info` shows them the application. Off if not called.
    ///
    /// Behind a proxy on the same machine every client seems to be on this machine. Requests that a
    /// proxy marked (`Forwarded`, `X-Forwarded-For`, `X-Real-IP`, `Via`) are therefore shown
    /// nothing, unless their peer is listed; and neither are those that ask for a host other than
    /// `localhost` or a loopback address, since somebody else's page may have sent them.
    ///
    /// For the page of a panic to name its place, debugging (by this call, or by a variable when the
    /// app begins to serve) puts a hook before the process's panic hook; see
    /// [`note_panic_places`](pauper_message::note_panic_places).
    pub fn debug(&mut self, on: bool) -> &mut Self {
        if on {
            pauper_message::note_panic_places();
        }
        self.settings.debug.program = on;
        self
    }

    /// Clients that are shown as much as those on this machine, when [`debug`](Self::debug) is on.
    pub fn debug_peers(&mut self, peers: impl IntoIterator<Item = std::net::IpAddr>) -> &mut Self {
        self.debug_peers.extend(peers);
        self
    }

    /// Sets the folder whose files are to be served; see [`document_root`](Self::document_root).
    pub fn set_document_root(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.settings.document_root.program = Some(folder.into());
        self
    }

    /// Sets whether folders of it show what is in them.
    pub fn set_document_index(&mut self, on: bool) -> &mut Self {
        self.settings.document_index.program = on;
        self
    }

    /// Sets the key that sessions and the like are made with.
    pub fn set_secret_key(&mut self, key: Secret) -> &mut Self {
        self.settings.secret_key.program = Some(key);
        self
    }

    /// Takes settings from variables: those of the process (`app.variables(std::env::vars())`), or
    /// of a configuration file. They win over what the program set, whatever comes first.
    ///
    /// | variable | value |
    /// |---|---|
    /// | `poor_Debug` | `on` in any case; another one is off |
    /// | `poor_DocumentRoot` | a folder; empty is none |
    /// | `poor_DocumentIndex` | `on` in any case; another one is off |
    /// | `poor_SecretKey` | the key |
    /// | `app_NAME` | an [option](Self::app_options) of the application |
    ///
    /// Empty ones count as absent, save for `poor_DocumentRoot` and options. Case counts in the
    /// names, but not in `app_`.
    ///
    /// ```
    /// use pauper_app::App;
    ///
    /// let mut app = App::new("site");
    /// app.variables([("poor_Debug", "On"), ("APP_Mail_From", " me@example.org ")]);
    /// assert!(app.is_debug());
    /// assert_eq!(app.app_options()["mail_from"], "me@example.org");
    /// ```
    pub fn variables<N, V>(&mut self, variables: impl IntoIterator<Item = (N, V)>) -> &mut Self
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        for (name, value) in variables {
            self.variable(name.as_ref(), value.as_ref());
        }
        self
    }

    fn variable(&mut self, name: &str, value: &str) {
        let settings = &mut self.settings;
        let switch = || (!value.is_empty()).then(|| value.eq_ignore_ascii_case("on"));
        match name {
            "poor_Debug" => settings.debug.variable = switch(),
            "poor_DocumentIndex" => settings.document_index.variable = switch(),
            "poor_DocumentRoot" => {
                settings.document_root.variable =
                    Some((!value.is_empty()).then(|| PathBuf::from(value)));
            }
            "poor_SecretKey" => {
                settings.secret_key.variable =
                    (!value.is_empty()).then(|| Some(Secret::new(value)));
            }
            _ => {
                let option = name.split_at_checked("app_".len());
                if let Some((prefix, option)) = option
                    && prefix.eq_ignore_ascii_case("app_")
                {
                    settings.options.insert(option.to_lowercase(), value.trim().to_owned());
                }
            }
        }
    }

    /// Whether debugging is on, by the program or by `poor_Debug`.
    pub fn is_debug(&self) -> bool {
        *self.settings.debug.get()
    }

    /// The folder whose files are to be served, by the program or by `poor_DocumentRoot`. The app
    /// itself serves none: give it a folder as [`fallback`](Self::fallback).
    pub fn document_root(&self) -> Option<&PathBuf> {
        self.settings.document_root.get().as_ref()
    }

    /// Whether folders show what is in them, by the program or by `poor_DocumentIndex`.
    pub fn document_index(&self) -> bool {
        *self.settings.document_index.get()
    }

    /// The key for sessions and the like, by the program or by `poor_SecretKey`.
    pub fn secret_key(&self) -> Option<&Secret> {
        self.settings.secret_key.get().as_ref()
    }

    /// The options of the application: the variables whose names begin with `app_`, without that
    /// and in lower case, their values without space around them.
    pub fn app_options(&self) -> &BTreeMap<String, String> {
        &self.settings.options
    }
}

/// A value as a page may show it: what has a secret's name is masked.
pub(crate) fn shown<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    const SECRETS: [&str; 6] = ["secret", "key", "passw", "token", "auth", "cookie"];
    let name = name.to_ascii_lowercase();
    match SECRETS.iter().any(|word| name.contains(word)) {
        true => Cow::Borrowed("(not shown)"),
        false => Cow::Borrowed(value),
    }
}
