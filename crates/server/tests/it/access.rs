//! Access records.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pauper_message::Request;
use pauper_server::ServerConfig;
use pauper_server::exchange::AccessRecord;
use pauper_server::test::Client;

use crate::support::{answers, get, post};

/// A configuration that notes a line for every record.
fn noting() -> (ServerConfig, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&lines);
    let note = move |record: &AccessRecord<'_>| {
        let status = record.status.map_or(0, |status| status.as_u16());
        noted.lock().unwrap().push(format!(
            "{} {} {status} {} {} {}",
            record.method,
            record.target,
            record.bytes_in,
            record.bytes_out,
            if record.complete { "complete" } else { "broken" }
        ));
    };
    (ServerConfig::new().with_on_access(note), lines)
}

fn echo(req: &mut Request) -> Vec<u8> {
    req.bytes().unwrap().to_vec()
}

#[test]
fn every_answer_has_one_record_with_its_bytes() {
    let (config, lines) = noting();
    let mut client = Client::with_config(&echo, config);
    let first = get("/first?q");
    let out_first = client.raw(first.as_bytes()).len();
    let (second, third) = (post("/second", "body"), get("/third"));
    let both = client.raw((second.clone() + &third).as_bytes());
    let out_third = out_first;
    let out_second = both.len() - out_third;
    assert_eq!(
        *lines.lock().unwrap(),
        [
            format!("GET /first?q 200 {} {out_first} complete", first.len()),
            format!("POST /second 200 {} {out_second} complete", second.len()),
            format!("GET /third 200 {} {out_third} complete", third.len()),
        ]
    );
}

#[test]
fn refused_and_broken_requests_have_records_too() {
    let (config, lines) = noting();
    let mut client = Client::with_config(&echo, config);
    let out = client.raw(b"GET / HTTP/1.1\n\n").len();
    client.raw(b"POST /cut HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    client.sleep(Duration::from_secs(60));
    let timed_out = client.raw(b"").len();
    assert_eq!(
        *lines.lock().unwrap(),
        [format!("- - 400 0 {out} complete"), format!("POST /cut 408 53 {timed_out} complete")]
    );
}

#[test]
fn an_answer_that_breaks_off_is_not_complete() {
    let (config, lines) = noting();
    let breaks = |_: &mut Request| {
        pauper_message::Body::pieces([Ok("abc"), Err(std::io::Error::other("disk"))], None)
    };
    let mut client = Client::with_config(&breaks, config);
    let out = client.raw(get("/").as_bytes()).len();
    assert!(client.is_closed());
    assert_eq!(*lines.lock().unwrap(), [format!("GET / 200 {} {out} broken", get("/").len())]);
}

#[test]
fn a_request_that_never_was_answered_has_no_status() {
    let (config, lines) = noting();
    let declines = |_: &mut Request| pauper_message::Response::declined();
    let mut client = Client::with_config(&declines, config);
    assert!(client.raw(get("/").as_bytes()).is_empty());
    assert_eq!(*lines.lock().unwrap(), [format!("GET / 0 {} 0 broken", get("/").len())]);
}

#[test]
fn a_panic_of_the_function_harms_nobody() {
    let config = ServerConfig::new().with_on_access(|_| panic!("in the log"));
    let mut client = Client::with_config(&echo, config);
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(client.get("/").status(), 200);
}

/// The number is the one that the handler sees, and the two headers are those of the request.
#[test]
fn a_record_has_the_number_the_referer_and_the_user_agent() {
    let records = Arc::<Mutex<Vec<(u64, String, String)>>>::default();
    let noted = Arc::clone(&records);
    let config = ServerConfig::new().with_on_access(move |record: &AccessRecord<'_>| {
        let (referer, agent) = (record.referer.to_owned(), record.user_agent.to_owned());
        noted.lock().unwrap().push((record.id, referer, agent));
    });
    let tell = |req: &mut Request| req.id().to_string();
    let mut client = Client::with_config(&tell, config);
    let from =
        "GET / HTTP/1.1\r\nHost: h\r\nReferer: http://h/\"a\"\r\nUser-Agent: x/1 (y)\r\n\r\n";
    let ids: Vec<u64> = [from.to_owned(), get("/")]
        .iter()
        .map(|request| answers(&client.raw(request.as_bytes()))[0].1.parse().unwrap())
        .collect();
    client.raw(b"GET / HTTP/1.1\n\n");
    assert_ne!(ids[0], ids[1]);
    let expected = [(ids[0], "http://h/\"a\"", "x/1 (y)"), (ids[1], "", ""), (0, "", "")];
    let expected = expected.map(|(id, from, by)| (id, from.to_owned(), by.to_owned()));
    assert_eq!(*records.lock().unwrap(), expected);
}
