//! A route that was just registered, for what else is to be said of it.

use std::panic::Location;
use std::sync::Arc;

use pauper_message::{Error, FormPlan, Hook, Plan, Request, Response};

use crate::app::App;
use crate::hooks::{After, Before, BeforeWithBody, Next};

/// A route or mount that was just registered, for what else is to be said of it.
///
/// ```
/// use pauper_app::App;
/// use pauper_message::Request;
///
/// let mut app = App::new("site");
/// app.post("/upload", |_: &mut Request| "thank you")
///     .name("upload")
///     .max_body(1 << 30)
///     .after(|_, response| Ok(response.headers_mut().insert("cache-control", "no-store")?));
/// assert_eq!(app.url("upload", []).unwrap(), "/upload");
/// ```
#[derive(Debug)]
pub struct Route<'a> {
    pub(crate) app: &'a mut App,
    /// None when the registration failed; the mistake is kept in the app.
    pub(crate) index: Option<usize>,
}

impl Route<'_> {
    /// Accepts bodies of up to this many bytes, in place of the server's limit.
    pub fn max_body(self, bytes: u64) -> Self {
        if let Some(index) = self.index {
            self.app.targets[index].max_body = Some(bytes);
        }
        self
    }

    /// Lets the handler read the body while it arrives, with `req.stream()`: for what is too large to
    /// be kept, or is answered before it is whole. Each such request holds a thread as long as its
    /// client takes.
    pub fn stream(self) -> Self {
        self.plan(|_| Ok(Plan::stream()))
    }

    /// Takes forms, with files: they are parsed while they arrive, and the handler finds the whole
    /// form by `req.fields()`. `FormLimits` are what most need to say; a whole [`FormPlan`] says also
    /// where files go, and can use what the hooks left in the request.
    ///
    /// ```
    /// use pauper_app::App;
    /// use pauper_message::{Error, Request, fields::FormLimits};
    ///
    /// fn receive(req: &mut Request) -> Result<String, Error> {
    ///     let photos = req.fields()?.files("photo");
    ///     Ok(format!("{} photos", photos.count()))
    /// }
    ///
    /// let mut app = App::new("photos");
    /// app.post("/photos", receive).form(FormLimits::new().max_body(200 << 20));
    /// ```
    pub fn form(self, plan: impl Into<FormPlan>) -> Self {
        let plan = plan.into();
        self.plan(move |req| plan.plan(req))
    }

    /// Says for each request what is to happen to its body: to go into a sink (`Plan::sink`), to be
    /// kept or read while it arrives. It runs after the hooks' `before` that need no body. A plan
    /// that passes is 404, and `max_body` has no effect beside it.
    pub fn plan<F>(self, plan: F) -> Self
    where
        F: Fn(&mut Request) -> Result<Plan, Error> + Send + Sync + 'static,
    {
        if let Some(index) = self.index {
            self.app.targets[index].plan = Some(Box::new(plan));
        }
        self
    }

    /// Names the route, for [`App::url`]. Another route of the name is a mistake, told at start-up.
    #[track_caller]
    pub fn name(self, name: &str) -> Self {
        if let Some(index) = self.index
            && let Err(error) = self.app.router.set_name(self.app.targets[index].id, name)
        {
            self.app.mistakes.push(error.to_string());
        }
        self
    }

    /// Gives the route a value that hooks can see, `req.route_value::<T>()`: a hook of the app then
    /// knows which routes need a login. One of each type; a second one is a mistake.
    #[track_caller]
    pub fn value<T: Send + Sync + 'static>(self, value: T) -> Self {
        let Some(index) = self.index else { return self };
        let values = Arc::get_mut(&mut self.app.targets[index].values);
        if !values.is_some_and(|values| values.insert(value)) {
            let place = Location::caller();
            self.app.mistakes.push(format!(
                "{}:{}: the route has a value of type {} already",
                place.file(),
                place.line(),
                std::any::type_name::<T>(),
            ));
        }
        self
    }

    /// Adds a hook with both halves for this route, inside those of its groups and of the app.
    pub fn hook(mut self, hook: impl Hook + 'static) -> Self {
        if let Some(scope) = self.scope() {
            self.app.scopes[scope].add_hook(hook);
        }
        self
    }

    /// As [`App::before`] for this route.
    pub fn before<F>(self, hook: F) -> Self
    where
        F: Fn(&mut Request) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(Before(hook))
    }

    /// As [`App::before_with_body`] for this route.
    pub fn before_with_body<F>(self, hook: F) -> Self
    where
        F: Fn(&mut Request) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(BeforeWithBody(hook))
    }

    /// As [`App::after`] for this route.
    pub fn after<F>(self, hook: F) -> Self
    where
        F: Fn(&mut Request, &mut Response) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(After(hook))
    }

    /// As [`App::wrap`] for this route.
    pub fn wrap<F>(mut self, wrap: F) -> Self
    where
        F: Fn(&mut Request, Next<'_>) -> Result<Response, Error> + Send + Sync + 'static,
    {
        if let Some(scope) = self.scope() {
            self.app.scopes[scope].wraps.push(Box::new(wrap));
        }
        self
    }

    /// The scope of this route alone, made when it is first asked for.
    fn scope(&mut self) -> Option<usize> {
        let index = self.index?;
        let groups = self.app.open.len();
        if let Some(own) = self.app.targets[index].scopes.get(groups) {
            return Some(*own);
        }
        let own = self.app.new_scope();
        self.app.targets[index].scopes.push(own);
        Some(own)
    }
}
