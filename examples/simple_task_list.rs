//! A list of things to do, in memory, on <http://localhost:8080/>.

use std::sync::{Mutex, MutexGuard};

use pauper::message::page::escape;
use pauper::{App, Error, Html, Request, Response, abort};

#[derive(Clone)]
struct Task {
    done: bool,
    text: String,
}

type Tasks = Mutex<Vec<Task>>;

fn lock(req: &Request) -> MutexGuard<'_, Vec<Task>> {
    req.state::<Tasks>().lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>.complete {{ text-decoration: line-through }}</style>\n\
         <h1>{title}</h1>\n{body}"
    ))
}

fn form(title: &str, text: &str, button: &str) -> Html<String> {
    let text = escape(text);
    page(
        title,
        &format!(
            "<form method=\"post\">\n<input type=\"text\" name=\"task\" value=\"{text}\">\n\
             <button type=\"submit\">{button}</button>\n</form>\n"
        ),
    )
}

fn home() -> Response {
    Response::redirect("/")
}

/// What the form was filled in with; without its field it was another form.
fn sent(req: &Request) -> Result<String, Error> {
    Ok(req.form()?.get("task").ok_or_else(|| abort(400))?.to_owned())
}

fn list(req: &mut Request) -> Html<String> {
    let mut html = String::from("<ol>\n");
    for (index, Task { done, text }) in lock(req).iter().enumerate() {
        let class = if *done { "complete" } else { "todo" };
        html.push_str(&format!(
            "<li><a href=\"/task/{index}/toggle\">toggle</a> <span class=\"{class}\">{}</span> \
             <a href=\"/task/{index}/edit\">edit</a></li>\n",
            escape(text)
        ));
    }
    html.push_str("</ol>\n<p><a href=\"new\">Something new</a></p>\n");
    page("Things to do", &html)
}

fn new(_: &mut Request) -> Html<String> {
    form("New entry", "", "Add Entry")
}

fn add(req: &mut Request) -> Result<Response, Error> {
    let text = sent(req)?;
    if !text.is_empty() {
        lock(req).push(Task { done: false, text });
    }
    Ok(home())
}

/// One task of the list, that a request is about.
struct One(usize);

impl One {
    fn find(req: &mut Request, index: usize) -> Result<Self, Error> {
        if index < lock(req).len() { Ok(Self(index)) } else { Err(abort(404)) }
    }

    fn toggle(&mut self, req: &mut Request) -> Response {
        let task = &mut lock(req)[self.0];
        task.done = !task.done;
        home()
    }

    fn show(&mut self, req: &mut Request) -> Html<String> {
        form("Edit entry", &lock(req)[self.0].text, "Edit Entry")
    }

    fn edit(&mut self, req: &mut Request) -> Result<Response, Error> {
        let text = sent(req)?;
        let mut tasks = lock(req);
        if text.is_empty() {
            tasks.remove(self.0);
        } else {
            tasks[self.0].text = text;
        }
        Ok(home())
    }
}

fn main() -> pauper::ServeResult {
    let task = |text: &str, done| Task { done, text: text.to_owned() };
    let tasks = vec![
        task("Eat", false),
        task("Sleep", false),
        task("Breathe", true),
        task("Save the world before bedtime", false),
    ];
    let mut app = App::new("simple_task_list");
    app.normalize_paths(true);
    app.state::<Tasks>(Mutex::new(tasks));
    app.get("/", list);
    app.get("/new", new);
    app.post("/new", add);
    app.actions("/task/<index:int>/", One::find)
        .get("toggle", One::toggle)
        .get("edit", One::show)
        .post("edit", One::edit);
    // One request at a time, so nobody changes the list between the look and the change.
    pauper_examples::server("simple_task_list", 8080).run_single(app)
}
