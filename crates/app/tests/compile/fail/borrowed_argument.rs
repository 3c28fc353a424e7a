use pauper_app::App;
use pauper_message::Request;

fn hello(_: &mut Request, name: &str) -> String {
    format!("Hello, {name}")
}

fn main() {
    App::new("x").get("/<name>", hello);
}
