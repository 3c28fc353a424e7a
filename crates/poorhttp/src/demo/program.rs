//! The program that the first screen shows. It is compiled as it is shown, and the demo serves
//! its handler; only its `main` never runs here.

use super::Mount;

#[expect(dead_code, reason = "main is that of a program of its own")]
mod hello {
    include!("hello.rs");

    pub(super) fn route(app: &mut super::Mount<'_>) {
        app.get("/hello/<name:word>", hello);
    }
}

/// The whole program.
pub(super) const TEXT: &str = include_str!("hello.rs");

/// Registers its route.
pub(super) fn route(app: &mut Mount<'_>) {
    hello::route(app);
}
