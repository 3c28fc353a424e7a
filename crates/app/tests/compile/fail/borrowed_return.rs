use pauper_app::App;
use pauper_message::Request;

fn path(req: &mut Request) -> &str {
    req.path()
}

fn main() {
    App::new("x").get("/", path);
}
