//! Tests of the crate. Lenses: `lenses` (single cases) and `round_trip` (laws, with any text). Elements
//! and their HTML: `elements`. Whole forms and their cycle: `forms`, `formlet`.

mod elements;
mod formlet;
mod forms;
mod lenses;
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
