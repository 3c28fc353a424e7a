//! The smallest server: a port and a function.

fn main() -> pauper::ServeResult {
    pauper::serve(8080, |req| format!("{} {}\n", req.method(), req.path()))
}
