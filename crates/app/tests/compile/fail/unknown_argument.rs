use pauper_app::App;
use pauper_message::Request;

struct Id(u32);

fn show(_: &mut Request, id: Id) -> String {
    id.0.to_string()
}

fn main() {
    App::new("x").get("/<id:int>", show);
}
