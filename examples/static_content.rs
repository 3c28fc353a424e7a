//! A folder of files with a listing of one's own, on <http://localhost:8080/static/>.

use std::fs;
use std::path::{Path, PathBuf};

use pauper::files::Folder;
use pauper::message::page::Page;
use pauper::message::{StatusCode, abort_with, page::escape, root_url};
use pauper::{App, Error, Html, Request, Response, abort};

fn root(_: &mut Request) -> Html<&'static str> {
    Html(
        "<!DOCTYPE html>\n<title>Static content</title>\n<ul>\n\
         <li><a href=\"static\">A folder</a></li>\n\
         <li><a href=\"/static/simple_task_list.py\">A file</a></li>\n</ul>\n",
    )
}

/// What is hidden is refused, and folders are listed; the rest is left to the folder of files.
fn list(req: &Request, folder: &Path) -> Result<(), Error> {
    let mut path = PathBuf::from(folder);
    let names: Vec<String> = req.suffix_segments().map(String::from).collect();
    let (last, folders) = names.split_last().map_or(("", &[][..]), |(last, all)| (&**last, all));
    if names.iter().any(|name| name.starts_with(['.', '_'])) {
        return Err(abort(403));
    }
    // An escaped slash is no way into another folder.
    if !last.is_empty() || folders.iter().any(|name| name.contains(['/', '\\', '\0'])) {
        return Ok(());
    }
    path.extend(folders);
    if !path.is_dir() {
        return Ok(());
    }
    Err(abort_with(listing(&path, folders)?))
}

fn listing(path: &Path, folders: &[String]) -> Result<Response, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['.', '_']) {
            continue;
        }
        if entry.path().is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort();
    if !folders.is_empty() {
        names.insert(0, "../".into());
    } else {
        names.insert(0, "..".into());
    }
    let mut list = String::from("<ul>\n");
    for name in names {
        let bare = name.trim_end_matches('/');
        // The first slash goes: the link is relative to the folder.
        let url = format!("{}{}", &root_url(&[bare], &[])[1..], &name[bare.len()..]);
        let name = escape(&name);
        list.push_str(&format!("<li><a href=\"{}\">{name}</a></li>\n", escape(&url)));
    }
    let title: String =
        ["/static"].into_iter().chain(folders.iter().flat_map(|name| ["/", name])).collect();
    Ok(Page::new(format!("Showing Folder {title}")).html(list + "</ul>\n").into_response())
}

fn main() -> pauper::ServeResult {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/static");
    let files = Folder::new(&folder)?.mount("/static");
    let mut app = App::new("static_content");
    app.normalize_paths(true);
    app.get("/", root);
    app.mount("/static/", files).before(move |req| list(req, &folder)).after(|req, response| {
        // Sources are shown, not saved.
        let is_source = [".py", ".rs", ".tpl"].iter().any(|end| req.path().ends_with(end));
        if is_source && response.status() == StatusCode::OK {
            response.headers_mut().insert("content-type", "text/plain; charset=utf-8")?;
        }
        Ok(())
    });
    pauper_examples::server("static_content", 8080).run_single(app)
}
