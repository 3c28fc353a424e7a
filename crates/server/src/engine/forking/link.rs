//! What master and worker tell each other, over a pair of sockets whose end tells of a death.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

/// What a master tells a worker, in one byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Order {
    /// Show that you are not stuck.
    Ping,
    /// Accept nobody, answer who is here, and end when they are gone or it is time.
    Retire,
    /// The server stops.
    Stop,
    /// ... at once.
    StopNow,
}

impl Order {
    const ALL: [Self; 4] = [Self::Ping, Self::Retire, Self::Stop, Self::StopNow];

    pub(super) fn to_byte(self) -> u8 {
        self as u8 + b'a'
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.to_byte() == byte)
    }
}

/// What a worker tells its master.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Report {
    /// It accepts connections.
    Ready,
    /// It is not stuck.
    Pong,
    /// It has answered as many requests as it should.
    Worn,
    /// A handler wants the server to stop.
    Shutdown,
    /// It ends, and cut so many connections.
    Left(u32),
    /// It ends, for this reason.
    Failed(String),
}

/// A kind and a number.
const FRAME: usize = 5;
/// A reason is cut at this length.
const LONGEST: usize = 16 * 1024;

impl Report {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, value, text) = match self {
            Self::Ready => (b'R', 0, ""),
            Self::Pong => (b'P', 0, ""),
            Self::Worn => (b'W', 0, ""),
            Self::Shutdown => (b'S', 0, ""),
            Self::Left(count) => (b'L', *count, ""),
            Self::Failed(reason) => {
                let reason = &reason[..boundary(reason)];
                (b'F', reason.len() as u32, reason)
            }
        };
        let mut frame = vec![kind];
        frame.extend(value.to_le_bytes());
        frame.extend(text.as_bytes());
        frame
    }

    /// Takes the next report out of what was read, once it is whole.
    pub(super) fn decode(bytes: &mut Vec<u8>) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(FRAME)?;
        let value = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
        let mut len = FRAME;
        let report = match head[0] {
            b'R' => Self::Ready,
            b'P' => Self::Pong,
            b'W' => Self::Worn,
            b'S' => Self::Shutdown,
            b'L' => Self::Left(value),
            _ => {
                let text = rest.get(..value as usize)?;
                len += text.len();
                Self::Failed(String::from_utf8_lossy(text).into_owned())
            }
        };
        bytes.drain(..len);
        Some(report)
    }
}

/// Where a reason is cut.
fn boundary(reason: &str) -> usize {
    (0..=reason.len().min(LONGEST)).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0)
}

/// A worker's end.
pub(crate) struct Link {
    stream: UnixStream,
    /// One report at a time.
    writing: Mutex<()>,
}

impl Link {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, writing: Mutex::new(()) }
    }

    /// Tells the master, who may be gone.
    pub(super) fn tell(&self, report: &Report) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = (&self.stream).write_all(&report.encode());
    }

    /// The worker accepts connections.
    pub(crate) fn tell_ready(&self) {
        self.tell(&Report::Ready);
    }

    pub(super) fn set_timeout(&self, time: std::time::Duration) {
        // Zero would be no timeout at all.
        let _ = self.stream.set_read_timeout(Some(time.max(std::time::Duration::from_millis(1))));
    }

    /// The next order. None when the master is gone.
    ///
    /// # Errors
    /// `WouldBlock` when none came in time.
    pub(super) fn next(&self) -> io::Result<Option<Order>> {
        let mut byte = [0];
        loop {
            match (&self.stream).read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => match Order::from_byte(byte[0]) {
                    Some(order) => return Ok(Some(order)),
                    None => continue,
                },
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        return Err(ErrorKind::WouldBlock.into());
                    }
                    _ => return Ok(None),
                },
            }
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_arrive_as_they_were_sent_however_they_are_cut() {
        let all = [
            Report::Ready,
            Report::Failed("čas vypršel".to_owned()),
            Report::Pong,
            Report::Left(70_000),
            Report::Failed(String::new()),
            Report::Worn,
            Report::Shutdown,
        ];
        let bytes: Vec<u8> = all.iter().flat_map(Report::encode).collect();
        for step in 1..bytes.len() {
            let (mut inbox, mut read) = (Vec::new(), Vec::new());
            for piece in bytes.chunks(step) {
                inbox.extend_from_slice(piece);
                read.extend(std::iter::from_fn(|| Report::decode(&mut inbox)));
            }
            assert_eq!((read.as_slice(), inbox.len()), (&all[..], 0), "{step}");
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let mut bytes = Report::Failed("ž".repeat(LONGEST)).encode();
        assert_eq!(Report::decode(&mut bytes), Some(Report::Failed("ž".repeat(LONGEST / 2))));
    }

    #[test]
    fn orders_are_bytes() {
        for order in Order::ALL {
            assert_eq!(Order::from_byte(order.to_byte()), Some(order));
        }
        assert_eq!(Order::from_byte(0), None);
    }
}
