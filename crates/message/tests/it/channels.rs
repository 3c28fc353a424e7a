//! Bodies that other threads fill.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use pauper_message::{Body, BodyKind, BodyReceiver, Received, SendError};

fn receiver_of(body: Body) -> BodyReceiver {
    match body.into_kind() {
        BodyKind::Channel(receiver) => receiver,
        _ => panic!("no channel"),
    }
}

/// Takes a whole body as an event loop does: until it is empty, then not before it is woken.
fn drain(mut receiver: BodyReceiver) -> Result<Vec<u8>, String> {
    let (ring, bell) = mpsc::channel();
    receiver.start(Arc::new(move || _ = ring.send(())));
    let mut all = Vec::new();
    loop {
        match receiver.try_next() {
            Received::Piece(piece) => {
                assert!(!piece.is_empty());
                all.extend(piece.to_vec());
            }
            // A wake-up that is missed hangs here, and the test with it.
            Received::Empty => bell.recv().unwrap(),
            Received::End => return Ok(all),
            Received::Broken(error) => return Err(error.log_text()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn several_senders_lose_nothing() {
    for capacity in [0, 1, 100, 1 << 20] {
        let (sender, body) = Body::channel(capacity);
        let senders: Vec<_> = (0..4_u8)
            .map(|number| {
                let sender = sender.clone();
                thread::spawn(move || {
                    for length in 0..500_usize {
                        sender.send(vec![number; length % 50]).unwrap();
                    }
                })
            })
            .collect();
        drop(sender);
        let all = drain(receiver_of(body)).unwrap();
        for number in 0..4_u8 {
            let sum: usize = (0..500).map(|length| length % 50).sum();
            assert_eq!(all.iter().filter(|byte| **byte == number).count(), sum, "{capacity}");
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[test]
fn a_sender_that_waits_is_freed_when_the_client_leaves() {
    for started in [false, true] {
        let (sender, body) = Body::channel(10);
        let mut receiver = receiver_of(body);
        if started {
            receiver.start(Arc::new(|| {}));
        }
        let (told, hears) = mpsc::channel();
        let producer = thread::spawn(move || {
            let mut sent = 0_usize;
            loop {
                match sender.send("0123456789") {
                    Ok(()) => sent += 1,
                    Err(error) => return (sent, error),
                }
                let _ = told.send(());
            }
        });
        hears.recv().unwrap();
        drop(receiver);
        let (sent, error) = producer.join().unwrap();
        assert_eq!((sent, error), (1, SendError::Closed), "{started}");
    }
}

#[test]
fn a_producer_that_panics_breaks_the_body() {
    let (sender, body) = Body::channel(1 << 20);
    let producer = thread::spawn(move || {
        sender.send("half").unwrap();
        panic!("a producer fails, as this test wants it");
    });
    assert!(producer.join().is_err());
    let error = drain(receiver_of(body)).unwrap_err();
    assert!(error.contains("panicked"), "{error}");
}
