use super::{Answer, run};
use pauper_app::App;
use pauper_message::fields::multipart::PartHead;
use pauper_message::{
    BodyPlan, Error, FormPlan, Request, RequestBuilder, Response, Service, StatusCode, abort,
};

const KIND: &str = "multipart/form-data; boundary=x";
const BODY: &str = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\n\
    Content-Disposition: form-data; name=f; filename=f\r\n\r\ndata\r\n--x--";

struct User(&'static str);

fn app() -> App {
    let mut app = App::new("test");
    app.before(|req| match req.header("x-user") {
        Some("refused") => Err(abort(401)),
        Some(_) => {
            req.extensions_mut().insert(User("ann"));
            Ok(())
        }
        None => Ok(()),
    });
    let plan = FormPlan::default().sinks(|req| match req.extensions().get::<User>() {
        Some(User("ann")) => Ok(|_: &PartHead<'_>| Ok(None)),
        _ => Err(abort(403)),
    });
    app.post("/form", |req: &mut Request| -> Result<String, Error> {
        let form = req.fields()?;
        let files: Vec<_> = form.files("f").map(|file| file.len()).collect();
        Ok(format!("{:?} {files:?}", form.get("a")))
    })
    .form(plan);
    app.on_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, |_: &mut Request, _: &Error| {
        Response::text("a page of ours").with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    });
    app
}

/// As a server would, with the body in pieces.
fn send(request: RequestBuilder, body: &str) -> Answer {
    let app = app();
    let mut req = request.method("POST").target("/form").build().expect("a request that parses");
    let mut sink = match app.begin(&mut req).body {
        BodyPlan::Reject(response) => return Answer::of(*response),
        BodyPlan::Sink(sink) => sink,
        other => panic!("unexpected plan {other:?}"),
    };
    for piece in body.as_bytes().chunks(3) {
        sink.write(piece).expect("a good body");
    }
    sink.finish(&mut req).expect("a whole body");
    Answer::of(app.call(&mut req))
}

fn request(user: &str, kind: &str) -> RequestBuilder {
    Request::builder().header("X-User", user).header("Content-Type", kind)
}

#[test]
fn the_handler_gets_the_whole_form() {
    let answer = send(request("ann", KIND), BODY);
    assert_eq!((answer.status, &*answer.body), (200, "Some(\"1\") [4]"));
    let answer = send(request("ann", "application/x-www-form-urlencoded"), "a=2&f=x");
    assert_eq!((answer.status, &*answer.body), (200, "Some(\"2\") []"));
}

#[test]
fn hooks_come_before_the_plan_and_refusals_get_their_page() {
    assert_eq!(send(request("refused", "text/plain"), "").status, 401);
    // The plan sees what the hooks left.
    let nobody = Request::builder().header("Content-Type", KIND);
    assert_eq!(send(nobody, "").status, 403);
    let answer = send(request("ann", "text/plain"), "");
    assert_eq!((answer.status, &*answer.body), (415, "a page of ours"));
    assert_eq!(run(&app(), Request::builder().method("GET").target("/form")).status, 405);
}
