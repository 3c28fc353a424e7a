//! Large bodies, up or down: a few connections, whole transfers only, nothing of them kept.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::Failures;
use crate::answers::{Failure, failure, head_of};

/// What is sent over and over, and what comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer<'a> {
    /// Head and body.
    pub(crate) request: &'a [u8],
    pub(crate) answer: Body<'a>,
    pub(crate) connections: usize,
}

/// The right body of the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// So many bytes of any kind; they were compared before.
    Length(usize),
    /// This text, line ends at its end aside.
    Text(&'a str),
}

/// A whole head is shorter.
const HEAD: usize = 16 << 10;
/// How much is read at once.
const PIECE: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

impl Transfer<'_> {
    /// Begins transfers for so long, and ends those that were begun; how many, and in which time.
    pub(crate) fn run(self, address: SocketAddr, time: Duration) -> (u64, f64, Failures) {
        let begun = Instant::now();
        let each = || {
            let (mut done, mut failures) = (0, Failures::default());
            let (mut buffer, mut slot) = (vec![0; PIECE], None);
            while begun.elapsed() < time {
                match self.once(address, &mut slot, &mut buffer) {
                    Ok(()) => done += 1,
                    Err(failure) => {
                        slot = None;
                        failures.count(failure);
                        // A server that answers nobody shall not hold us for long.
                        if failures.sum() > 3 {
                            break;
                        }
                    }
                }
            }
            (done, failures)
        };
        let (mut done, mut failures) = (0, Failures::default());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections).map(|_| scope.spawn(each)).collect();
            for thread in threads {
                let (more, failed) = thread.join().expect("the driver does not panic");
                done += more;
                failures.add(failed);
            }
        });
        (done, begun.elapsed().as_secs_f64(), failures)
    }

    fn once(
        self,
        address: SocketAddr,
        slot: &mut Option<TcpStream>,
        buffer: &mut [u8],
    ) -> Result<(), Failure> {
        let stream = match slot {
            Some(stream) => stream,
            None => slot.insert(connect(address)?),
        };
        stream.write_all(self.request).map_err(|error| failure(&error))?;
        let mut filled = 0;
        let (head, status, length) = loop {
            filled += read(stream, &mut buffer[filled..HEAD])?;
            if let Some((head, status, length)) = head_of(&buffer[..filled]) {
                break (head, status, length.ok_or(Failure::Wrong)?);
            }
            if filled == HEAD {
                return Err(Failure::Wrong);
            }
        };
        if status != 200 {
            return Err(Failure::Wrong);
        }
        match self.answer {
            Body::Length(wanted) if length != wanted => return Err(Failure::Wrong),
            Body::Length(_) => {
                let mut left = (head + length).checked_sub(filled).ok_or(Failure::Wrong)?;
                while left > 0 {
                    let most = left.min(buffer.len());
                    left -= read(stream, &mut buffer[..most])?;
                }
            }
            Body::Text(text) => {
                if head + length > HEAD {
                    return Err(Failure::Wrong);
                }
                while filled < head + length {
                    filled += read(stream, &mut buffer[filled..head + length])?;
                }
                let told = buffer[head..filled].trim_ascii_end();
                if told != text.as_bytes().trim_ascii_end() {
                    return Err(Failure::Wrong);
                }
            }
        }
        Ok(())
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| Failure::Refused)?;
    let set = stream.set_read_timeout(Some(PATIENCE));
    let set = set.and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    set.and_then(|()| stream.set_nodelay(true)).map_err(|_| Failure::Refused)?;
    Ok(stream)
}

fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize, Failure> {
    match stream.read(buffer) {
        Ok(0) => Err(Failure::Closed),
        Ok(read) => Ok(read),
        Err(error) => Err(failure(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// One transfer with a server that says this.
    fn once(says: &'static [u8], answer: Body<'_>) -> Result<(), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 3];
            stream.read_exact(&mut request).unwrap();
            for piece in says.chunks(7) {
                stream.write_all(piece).unwrap();
            }
        });
        let transfer = Transfer { request: b"abc", answer, connections: 1 };
        transfer.once(address, &mut None, &mut vec![0; PIECE])
    }

    #[test]
    fn whole_and_right_answers_count() {
        let right = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfile=3";
        let wrong = b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nfile=3";
        for (says, answer, expected) in [
            (&right[..], Body::Length(6), Ok(())),
            (right, Body::Length(7), Err(Failure::Wrong)),
            (right, Body::Text("file=3\n"), Ok(())),
            (right, Body::Text("file=4\n"), Err(Failure::Wrong)),
            (wrong, Body::Length(6), Err(Failure::Wrong)),
            (&right[..40], Body::Length(6), Err(Failure::Closed)),
            (b"HTTP/1.1 200 OK\r\n\r\n", Body::Length(6), Err(Failure::Wrong)),
        ] {
            assert_eq!(once(says, answer), expected, "{answer:?}");
        }
    }
}
