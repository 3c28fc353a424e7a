//! Over real sockets: what the loop does with the exchange.

use crate::support::{Counted, Wire, get, post, serve};

#[test]
fn requests_follow_each_other_on_one_connection() {
    let service = Counted::default();
    let server = serve(service.clone());
    let mut client = Wire::connect(server.addr());
    for _ in 0..100 {
        assert_eq!(client.get("/").text(), "none");
        client.send(post("/", "body"));
        assert_eq!(client.answer().text(), "body");
    }
    assert_eq!(service.calls(), 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = serve(|req: &mut pauper_message::Request| req.path().to_owned());
    let mut client = Wire::connect(server.addr());
    let all: String = (0..500).map(|i| get(&format!("/{i}"))).collect();
    client.send(all);
    for i in 0..500 {
        assert_eq!(client.answer().text(), format!("/{i}"));
    }
}
