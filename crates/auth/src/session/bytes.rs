//! A session as bytes, for what is sealed and for what is stored.
//!
//! Times (three numbers of 8 bytes), the number of the session (16 bytes), then the count of
//! values with kind, name and text of each, then the count of messages with level and text of
//! each. Counts and lengths are LEB128.

use crate::session::data::{Flash, Session, Times, Value};
use crate::session::error::SessionError;
use crate::session::id::SessionId;

const TEXT: u8 = 0;
const JSON: u8 = 1;

/// The bytes of a session that has times and a number; `None` without.
pub(crate) fn encode(session: &Session) -> Option<Vec<u8>> {
    let (times, id) = (session.times?, session.id()?);
    let mut out = Vec::with_capacity(128);
    for time in [times.issued, times.started, times.expires] {
        out.extend_from_slice(&time.to_be_bytes());
    }
    out.extend_from_slice(id.bytes());
    put_number(&mut out, session.values.len());
    for (name, value) in &session.values {
        let (kind, text) = match value {
            Value::Text(text) => (TEXT, text),
            Value::Json(text) => (JSON, text),
        };
        out.push(kind);
        put_text(&mut out, name);
        put_text(&mut out, text);
    }
    put_number(&mut out, session.flashes.len());
    for flash in &session.flashes {
        put_text(&mut out, &flash.level);
        put_text(&mut out, &flash.text);
    }
    Some(out)
}

/// Takes the number out of bytes that [`encode`] gave, for stores that must not know it.
pub(crate) fn blank_id(bytes: &mut [u8]) {
    bytes[24..40].fill(0);
}

/// The session of such bytes, and no others: nothing may follow, and each session has one form.
pub(crate) fn decode(bytes: &[u8]) -> Result<Session, SessionError> {
    read(bytes).ok_or_else(SessionError::bad)
}

fn read(bytes: &[u8]) -> Option<Session> {
    let mut input = Input(bytes);
    let times = Times { issued: input.time()?, started: input.time()?, expires: input.time()? };
    let id = SessionId::from_bytes(*input.array()?);
    let mut session = Session { read_as: Some(id), times: Some(times), ..Session::new() };
    session.id.set(Some(id));
    let count = input.number()?;
    // Told by who holds the key, and still no reason to reserve without end.
    session.values.reserve(count.min(16));
    for _ in 0..count {
        let kind = *input.array::<1>()?;
        let name = input.text()?;
        let text = Box::from(input.text()?);
        if session.contains(name) {
            return None;
        }
        let value = match kind {
            [TEXT] => Value::Text(text),
            [JSON] => Value::Json(text),
            _ => return None,
        };
        session.values.push((name.into(), value));
    }
    for _ in 0..input.number()? {
        let (level, text) = (input.text()?.into(), input.text()?.into());
        session.flashes.push(Flash { level, text });
    }
    input.0.is_empty().then_some(session)
}

fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
    fn array<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    fn time(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(*self.array()?))
    }

    /// Of at most 28 bits, in as few bytes as possible.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in [0, 7, 14, 21] {
            let [byte] = *self.array()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return (byte != 0 || shift == 0).then_some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'b str> {
        let len = self.number()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session(values: Vec<(String, String, bool)>, flashes: Vec<(String, String)>) -> Session {
        let mut session = Session::new();
        for (name, text, json) in values {
            let text = text.into();
            session.put(&name, if json { Value::Json(text) } else { Value::Text(text) });
        }
        for (level, text) in flashes {
            session.flash(&level, text);
        }
        session.times = Some(Times { issued: 2, started: 1, expires: u64::MAX });
        session.id.set(Some(SessionId::from_bytes([7; 16])));
        session
    }

    proptest! {
        #[test]
        fn bytes_go_both_ways(
            values in prop::collection::vec((".{0,9}", ".{0,300}", any::<bool>()), 0..5),
            flashes in prop::collection::vec((".{0,9}", ".{0,9}"), 0..3),
        ) {
            let session = session(values, flashes);
            let bytes = encode(&session).unwrap();
            let read = decode(&bytes).unwrap();
            prop_assert_eq!(&read.values, &session.values);
            prop_assert_eq!(&read.flashes, &session.flashes);
            prop_assert_eq!((read.times, read.id()), (session.times, session.id()));
            prop_assert_eq!(encode(&read).unwrap(), bytes);
        }

        #[test]
        fn what_is_read_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(session) = decode(&bytes) {
                prop_assert_eq!(encode(&session).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn every_prefix_and_every_surplus_is_refused() {
        let one = ("name".to_owned(), "text".to_owned(), false);
        let whole = session(vec![one], vec![("info".to_owned(), "hello".to_owned())]);
        let bytes = encode(&whole).unwrap();
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{len}");
        }
        assert!(decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn numbers_are_short_and_names_are_single() {
        let head = [0; 40];
        let of = |rest: &[u8]| decode(&[&head[..], rest].concat());
        assert!(of(&[0, 0]).is_ok());
        for rest in [
            &[0x80, 0, 0][..],
            &[0, 0x80, 0],
            &[0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xff, 0xff, 0xff, 0x7f],
            &[2, 0, 1, b'a', 0, 0, 1, b'a', 0, 0],
            &[1, 2, 1, b'a', 0, 0],
            &[1, 0, 1, 0xff, 0, 0],
        ] {
            assert!(of(rest).is_err(), "{rest:?}");
        }
    }

    #[test]
    fn a_session_without_times_or_number_has_no_bytes() {
        assert_eq!(encode(&Session::new()), None);
    }
}
