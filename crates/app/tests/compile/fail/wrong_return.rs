use pauper_app::App;
use pauper_message::Request;

struct Page;

fn page(_: &mut Request) -> Page {
    Page
}

fn main() {
    App::new("x").get("/", page);
}
