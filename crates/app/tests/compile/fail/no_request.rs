use pauper_app::App;

fn hello(name: String) -> String {
    name
}

fn main() {
    App::new("x").get("/<name>", hello);
}
