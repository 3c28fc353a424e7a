use pauper_app::App;

fn main() {
    App::new("x").get("/", |req| "text");
}
