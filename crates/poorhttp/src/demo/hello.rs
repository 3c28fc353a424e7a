use pauper::{App, Request, Server};

fn hello(_: &mut Request, name: String) -> String {
    format!("Hello, {name}!")
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("hello");
    app.get("/hello/<name:word>", hello);
    Server::bind("127.0.0.1:8080")?.run(app)
}
