use std::sync::Arc;

use pauper_forms::{Errors, Form, Formlet, SaveError, View, form, number};
use pauper_message::{Error, FormToken, Request, Response, abort};

/// A range, kept in memory; what was called is written down.
#[derive(Default)]
struct Ranges {
    stored: Option<(u8, u8)>,
    log: Vec<&'static str>,
    status: Option<http::StatusCode>,
}

struct Range {
    from: u8,
    to: u8,
}

impl Formlet for Ranges {
    type Record = Range;

    fn form(&mut self, _: &mut Request) -> Result<Form<Range>, Error> {
        Ok(form!(Range { from: number("From"), to: number("To") }))
    }

    fn load(&mut self, req: &mut Request) -> Result<Option<Range>, Error> {
        self.log.push("load");
        if req.path() == "/missing" {
            return Err(abort(404));
        }
        Ok(self.stored.map(|(from, to)| Range { from, to }))
    }

    fn display(&mut self, _: &mut Request, form: &View) -> Result<Response, Error> {
        self.log.push("display");
        Ok(Response::html(form.html("Save").0))
    }

    fn check(&mut self, _: &mut Request, range: &Range, errors: &mut Errors) -> Result<(), Error> {
        self.log.push("check");
        if range.from > range.to {
            errors.add("to", "is before the beginning.");
        }
        Ok(())
    }

    fn save(&mut self, _: &mut Request, range: Range) -> Result<Response, SaveError> {
        self.log.push("save");
        match range.to {
            200 => return Err(Errors::of("to", "is taken.").into()),
            // Any error with `?`: here one of the standard library.
            201 => return Err("x".parse::<u8>().unwrap_err().into()),
            202 => return Err(abort(409).into()),
            _ => {}
        }
        self.stored = Some((range.from, range.to));
        Ok(Response::see_other("/"))
    }

    fn status_of_errors(&self) -> http::StatusCode {
        self.status.unwrap_or(http::StatusCode::UNPROCESSABLE_ENTITY)
    }
}

struct Fixed;

impl FormToken for Fixed {
    fn field(&self) -> &str {
        "token"
    }

    fn value(&self) -> String {
        "\"good\"".into()
    }

    fn accepts(&self, presented: &str) -> bool {
        presented == "\"good\""
    }
}

fn request(body: &str) -> Request {
    let builder = Request::builder()
        .method("POST")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.to_owned());
    builder.build().unwrap()
}

fn body(response: Response) -> String {
    let bytes = response.into_parts().unwrap().body.into_bytes(1 << 20).unwrap();
    String::from_utf8(bytes.into()).unwrap()
}

#[track_caller]
fn posted(ranges: &mut Ranges, sent: &str, status: u16, log: &[&str]) -> String {
    ranges.log.clear();
    let response = match ranges.post(&mut request(sent)) {
        Ok(response) => response,
        Err(error) => {
            assert_eq!(error.status().unwrap().as_u16(), status, "{sent}");
            assert_eq!(ranges.log, log, "{sent}");
            return error.message().unwrap_or_default().to_owned();
        }
    };
    assert_eq!(response.status().as_u16(), status, "{sent}");
    assert_eq!(ranges.log, log, "{sent}");
    body(response)
}

#[test]
fn the_cycle() {
    let mut ranges = Ranges::default();
    let blank = body(ranges.get(&mut Request::builder().build().unwrap()).unwrap());
    assert!(blank.contains("name=\"from\" value=\"\"") && !blank.contains("alert"), "{blank}");
    // A field that is wrong: nothing is checked or saved.
    let html = posted(&mut ranges, "from=x&to=3", 422, &["display"]);
    assert!(html.contains("value=\"x\"") && html.contains("value=\"3\""), "{html}");
    // Two fields that do not go together.
    let html = posted(&mut ranges, "from=4&to=3", 422, &["check", "display"]);
    assert!(html.contains("is before the beginning.") && html.contains("value=\"4\""), "{html}");
    // What only the attempt to save can tell.
    let html = posted(&mut ranges, "from=4&to=200", 422, &["check", "save", "display"]);
    assert!(html.contains("is taken."), "{html}");
    posted(&mut ranges, "from=4&to=201", 500, &["check", "save"]);
    posted(&mut ranges, "from=4&to=202", 409, &["check", "save"]);
    assert_eq!(ranges.stored, None);
    posted(&mut ranges, "from=4&to=5", 303, &["check", "save"]);
    assert_eq!(ranges.stored, Some((4, 5)));
    let shown = body(ranges.get(&mut Request::builder().build().unwrap()).unwrap());
    assert!(shown.contains("value=\"4\"") && shown.contains("value=\"5\""));
    // The status that the originals had.
    ranges.status = Some(http::StatusCode::OK);
    posted(&mut ranges, "", 200, &["display"]);
    let missing = ranges.get(&mut Request::builder().target("/missing").build().unwrap());
    assert_eq!(missing.unwrap_err().status().unwrap(), 404);
}

#[test]
fn bodies_that_are_no_forms() {
    let mut ranges = Ranges::default();
    let mut req = Request::builder().method("POST").header("Content-Type", "text/plain");
    req = req.body("from=1&to=2");
    let error = ranges.post(&mut req.build().unwrap()).unwrap_err();
    assert_eq!(error.status().unwrap(), 415);
    assert!(ranges.log.is_empty());
    // No body at all is a form in which nothing was entered.
    let mut req = Request::builder().method("POST").build().unwrap();
    assert_eq!(ranges.post(&mut req).unwrap().status(), 422);
}

#[test]
fn tokens_are_put_in_and_checked_first() {
    let mut ranges = Ranges::default();
    let with_token = |body: &str| {
        let mut req = request(body);
        req.set_form_token(Arc::new(Fixed));
        req
    };
    let mut req = with_token("");
    let html = body(ranges.get(&mut req).unwrap());
    let field = "<input type=\"hidden\" name=\"token\" value=\"&quot;good&quot;\"/>";
    assert!(html.contains(field), "{html}");
    for sent in [
        "from=1&to=2",
        "from=1&to=2&token=",
        "from=1&to=2&token=bad",
        "token=bad&token=%22good%22&from=1&to=2",
    ] {
        ranges.log.clear();
        let error = ranges.post(&mut with_token(sent)).unwrap_err();
        assert_eq!(error.status().unwrap(), 403, "{sent}");
        assert!(error.message().unwrap().contains("nothing was saved"));
        assert!(ranges.log.is_empty() && ranges.stored.is_none());
    }
    let response = ranges.post(&mut with_token("from=1&to=2&token=%22good%22")).unwrap();
    assert_eq!(response.status(), 303);
    // A form that is shown again has a token again.
    let again = ranges.post(&mut with_token("from=&to=2&token=%22good%22")).unwrap();
    assert!(body(again).contains(field));
}
