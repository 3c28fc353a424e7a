//! Files of any size, sent as they are and read while they arrive, on <http://localhost:8080/>.

use std::fs::File;
use std::io::{BufRead, Write, sink};

use pauper::files::Folder;
use pauper::message::{JsonStyle, page::escape};
use pauper::{App, Error, Html, Request, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

fn root(_: &mut Request) -> Html<&'static str> {
    Html(
        "<!DOCTYPE html>\n<title>Put a file</title>\n<h1>Put a file</h1>\n\
         <p><input type=\"file\" id=\"file\"> to\n\
         <select id=\"to\"><option>blackhole</option><option>temporary</option><option>folder</option></select>\n\
         <pre id=\"answer\"></pre>\n<script>\n\
         document.getElementById('file').onchange = async event => {\n\
           const file = event.target.files[0];\n\
           const to = document.getElementById('to').value;\n\
           const url = '/' + to + '/' + encodeURIComponent(file.name);\n\
           const answer = await fetch(url, { method: 'PUT', body: file });\n\
           document.getElementById('answer').textContent =\n\
             await answer.text() || `${answer.status} ${answer.statusText}`;\n\
         };\n</script>\n",
    )
}

/// Hands the body on piece by piece, so that its size does not matter.
fn copy(req: &mut Request, name: &str, out: &mut dyn Write) -> Result<Response, Error> {
    let (mut uploaded, mut hash) = (0, Sha256::new());
    let body = req.stream();
    loop {
        let piece = body.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        hash.update(piece);
        out.write_all(piece)?;
        let length = piece.len();
        uploaded += length as u64;
        body.consume(length);
    }
    let checksum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let told = json!({ "uploaded": uploaded, "checksum": checksum, "filename": name });
    Response::json_styled(&told, JsonStyle::new().ascii(true).spaced(true))
}

fn blackhole(req: &mut Request, name: String) -> Result<Response, Error> {
    copy(req, &name, &mut sink())
}

fn temporary(req: &mut Request, name: String) -> Result<Response, Error> {
    // It has no name, and is gone with the last who has it open.
    let mut file: File = tempfile::tempfile()?;
    copy(req, &name, &mut file)
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("put_file");
    app.debug(true);
    app.after(|_, response| {
        if !response.headers().contains("x-powered-by") {
            response.headers_mut().insert("x-powered-by", "Pauper")?;
        }
        Ok(())
    });
    app.get("/", root);
    app.put("/blackhole/<filename>", blackhole).stream();
    app.put("/temporary/<filename>", temporary).stream();
    // A folder that keeps what it is given, and lists it: gone with the program.
    let folder = tempfile::tempdir()?;
    app.mount(
        "/folder/",
        Folder::new(folder.path())?.mount("/folder").index(true).uploads(1 << 30),
    );
    app.on_status(404, |req: &mut Request, _: &Error| {
        let path = escape(req.path()).into_owned();
        (404, Html(format!("<!DOCTYPE html>\n<title>404</title>\n<h1>404 - Page Not Found</h1>\n<code>{path}</code>\n")))
    });
    pauper_examples::server("put_file", 8080).run(app)
}
