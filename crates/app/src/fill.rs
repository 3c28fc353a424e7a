//! Functions that fill in a response, rather than return one.

use pauper_message::{Request, Response, StatusCode};

/// Makes a handler of a function that fills in the response it is given: status 200, no headers, no
/// body.
///
/// ```
/// use pauper_app::{App, fill};
/// use pauper_message::{Request, Response, StatusCode};
///
/// fn hello(req: &mut Request, response: &mut Response) {
///     match req.segments().next().as_deref() {
///         Some("hello") => response.set_body("Hello world!"),
///         _ => response.set_status(StatusCode::NOT_FOUND),
///     }
/// }
///
/// let mut app = App::new("hello");
/// app.default_handler(fill(hello));
/// ```
pub fn fill<F>(handler: F) -> impl Fn(&mut Request) -> Response + Send + Sync + 'static
where
    F: Fn(&mut Request, &mut Response) + Send + Sync + 'static,
{
    move |req| {
        let mut response = Response::new(StatusCode::OK);
        handler(req, &mut response);
        response
    }
}
