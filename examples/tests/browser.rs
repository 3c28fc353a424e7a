//! Examples in a real browser.

mod cdp;

use pauper::{App, Html, Request, Server};
use serde_json::json;

const PAGE: &str = "<!doctype html><title>x</title><form action=/sent><input name=a id=a value=old>\
    <button>Go</button></form>";

fn page(_: &mut Request) -> Html<&'static str> {
    Html(PAGE)
}

fn sent(req: &mut Request) -> Result<String, pauper::Error> {
    Ok(format!("sent {}", req.args()?.get("a").unwrap_or("nothing")))
}

/// The driver does what a person does.
#[test]
fn the_driver_clicks_and_types() {
    let Some(browser) = cdp::Browser::start() else { return };
    let mut app = App::new("driver");
    app.get("/", page);
    app.get("/sent", sent);
    let running = Server::bind("127.0.0.1:0").unwrap().spawn(app).unwrap();
    let root = format!("http://{}/", running.addr());

    let page = browser.page(&root);
    page.fill("#a", "a ü \"text\"");
    page.loads(|page| page.click("button"));
    assert_eq!(page.text(), "sent a ü \"text\"");
    page.back();
    page.wait("document.querySelector('#a') !== null");
    page.eval("document.querySelector('#a').focus()");
    page.key("Tab");
    assert_eq!(page.eval("document.activeElement.tagName"), json!("BUTTON"));
    page.loads(|page| page.key("Enter"));
    assert!(page.url().contains("/sent?a="), "{}", page.url());
    assert!(page.cookies().is_empty());
    page.screenshot(&cdp::screenshots().join("driver.png"), 390, 844, true);
    running.stop();
}
