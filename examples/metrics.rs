//! Counts requests and their times in an after hook, on <http://localhost:8080/metrics>.

use std::sync::Mutex;
use std::time::SystemTime;

use pauper::{App, Error, IntoResponse, Json, Request};
use serde_json::{Value, json};

/// What was measured so far, in seconds.
#[derive(Default)]
struct Metrics {
    requests: u64,
    total: f64,
    best: Option<f64>,
    worst: f64,
}

impl Metrics {
    fn add(&mut self, seconds: f64) {
        self.requests += 1;
        self.total += seconds;
        self.best = Some(self.best.map_or(seconds, |best| best.min(seconds)));
        self.worst = self.worst.max(seconds);
    }

    fn average(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.total / self.requests as f64 }
    }
}

fn root(_: &mut Request) -> impl IntoResponse {
    (200, [("content-type", "text/plain")], "Hello World")
}

/// All requests that are done; this one is not.
fn metrics(req: &mut Request) -> impl IntoResponse {
    let metrics = lock(req);
    let body = json!({
        "requests": metrics.requests,
        "avg_time": metrics.average(),
        "best_time": metrics.best,
        "worst_time": metrics.worst,
    });
    (200, [("content-type", "application/json; charset=utf-8")], Json(body))
}

fn teapot(req: &mut Request) -> Result<impl IntoResponse + use<>, Error> {
    let is_json = req.content_type().as_deref() == Some("application/json");
    let sent: Value = if is_json { req.json()? } else { json!({}) };
    let body = json!({ "message": "I'm teapot :-)", "request": sent });
    Ok((418, [("content-type", "application/json; charset=utf-8")], Json(body)))
}

fn lock(req: &Request) -> std::sync::MutexGuard<'_, Metrics> {
    // A panic cannot leave the numbers half written.
    req.state::<Mutex<Metrics>>().lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("metrics");
    app.state(Mutex::new(Metrics::default()));
    app.after(|req, response| {
        if !response.headers().contains("x-powered-by") {
            response.headers_mut().insert("x-powered-by", "Pauper")?;
        }
        // A clock that was set back means no time.
        let time = SystemTime::now().duration_since(req.received()).unwrap_or_default();
        lock(req).add(time.as_secs_f64());
        Ok(())
    });
    app.get("/", root);
    app.get("/metrics", metrics);
    app.post("/json", teapot);
    pauper_examples::server("metrics", 8080).run(app)
}
