//! Tests of the crate. Lenses: `lenses` (single cases), `round_trip` (laws, with
//! any text) and `corpus` (the same with the seeds of the fuzzer). Elements and their HTML: `elements`.
//! Whole forms and their cycle: `forms`, `formlet`.

#[cfg(all(feature = "jiff", feature = "regex"))]
mod corpus;
mod elements;
mod formlet;
#[cfg(feature = "jiff")]
mod forms;
mod lenses;
#[cfg(all(feature = "jiff", feature = "regex"))]
mod round_trip;

use std::rc::Rc;

use pauper_forms::element::{Element, Entered};
use pauper_message::Request;
use pauper_message::fields::FieldStorage;

/// What a browser sent, urlencoded.
fn sent(body: &str) -> Rc<FieldStorage> {
    let req = Request::builder()
        .method("POST")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.to_owned());
    Rc::new(req.build().unwrap().take_fields().unwrap())
}

/// The value of one element, or what is wrong with it.
fn value<E: Element>(element: &E, body: &str) -> Result<E::Native, String> {
    let entered: Entered = element.receive("n", &sent(body));
    element.parse(&entered).map_err(|invalid| invalid.message().to_owned())
}
