//! Connections: several requests one after another, cut anywhere, answered in several ways.

use pauper_wire::{Connection, ErrorKind, Event, HeaderSpan, Limits, Next, ResponseBody};

/// What an observer writes down.
#[derive(Debug, PartialEq)]
enum Told {
    Head(Vec<u8>),
    Data(Vec<u8>),
    End,
    Over(Next),
    Closed,
    Failed(ErrorKind, usize),
    Cut,
}

fn serve(input: &[u8], cuts: &[usize], answers: u8) -> Vec<Told> {
    let mut connection = Connection::new(Limits::new());
    let mut slots = vec![HeaderSpan::default(); 16];
    let (mut told, mut start, mut answered) = (Vec::new(), 0, 0u32);
    for &cut in cuts.iter().chain([&input.len()]) {
        loop {
            let piece: Box<[u8]> = input[start..cut].into();
            let (consumed, event) = match connection.receive(&piece, &mut slots) {
                Ok(seen) => seen,
                Err(error) => {
                    told.push(Told::Failed(error.kind(), start + error.offset()));
                    assert_eq!(connection.receive(b"GET / HTTP/1.1\r\n", &mut slots), Err(error));
                    if connection.response_due() {
                        let status = error.status();
                        let framing = connection.respond(status, ResponseBody::Known(2), false);
                        assert!(framing.closes());
                    }
                    assert_eq!(connection.response_done(), Next::Close);
                    return told;
                }
            };
            assert!(consumed <= piece.len());
            start += consumed;
            match event {
                Event::NeedMore => break,
                Event::Head(head) => {
                    told.push(Told::Head(piece[..head.len()].to_vec()));
                    assert!(connection.response_due());
                    answered += 1;
                    // Now or at the end of the request, as the answers say.
                    if answers >> (answered % 8) & 1 == 1 {
                        let framing = connection.respond(200, ResponseBody::Unknown, false);
                        assert!(framing.chunked || framing.until_close || !framing.send_body);
                        let next = connection.response_done();
                        if next == Next::Close {
                            told.push(Told::Over(next));
                            return told;
                        }
                    }
                }
                Event::Data { span, .. } => match told.last_mut() {
                    Some(Told::Data(data)) => data.extend_from_slice(&piece[span]),
                    _ => told.push(Told::Data(piece[span].to_vec())),
                },
                Event::End | Event::Paused => {
                    if event == Event::End {
                        told.push(Told::End);
                    }
                    if connection.response_due() {
                        let framing = connection.respond(404, ResponseBody::Known(9), false);
                        assert_eq!(framing.length, Some(9));
                        let next = connection.response_done();
                        assert_ne!(next, Next::Drain, "all of it was received");
                        if next != Next::NextRequest {
                            told.push(Told::Over(next));
                            return told;
                        }
                    }
                }
                Event::Closed => {
                    told.push(Told::Closed);
                    return told;
                }
            }
        }
    }
    if connection.receive_eof().is_err() {
        told.push(Told::Cut);
    }
    told
}

pub(crate) fn run(data: &[u8]) {
    let [answers, seed, input @ ..] = data else { return };
    let whole = serve(input, &[], *answers);
    if input.len() <= 300 {
        let bytes: Vec<usize> = (0..input.len()).collect();
        assert_eq!(serve(input, &bytes, *answers), whole, "byte by byte");
    }
    let step = usize::from(*seed) + 1;
    let cuts: Vec<usize> = (step..input.len()).step_by(step).collect();
    assert_eq!(serve(input, &cuts, *answers), whole, "pieces of {step}");
}
