use pauper_app::App;
use pauper_message::Request;

fn main() {
    App::new("x").get("/", |_: &mut Request| 4.2_f64);
}
