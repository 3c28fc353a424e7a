//! Two pages with the same text, on <http://localhost:8080/test> and `/test-after-response`.

use pauper::{App, Html, Request};

fn test_data(_: &mut Request) -> Html<&'static str> {
    Html("Test data")
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("response_closed");
    app.get("/test", test_data);
    app.get("/test-after-response", test_data);
    pauper_examples::server("response_closed", 8080).run(app)
}
