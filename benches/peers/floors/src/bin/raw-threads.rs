//! The floor of threads: one for each connection, blocking reads and writes, fixed bytes, sendfile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::thread;

use peer_floors::{AFTER, Answer, Taken, file_head, milliseconds, requests};
use rustix::fs::sendfile;

fn send_file(stream: &TcpStream, file: &File, length: u64) -> io::Result<()> {
    let mut offset = 0;
    while offset < length {
        let left = usize::try_from(length - offset).unwrap_or(usize::MAX);
        if sendfile(stream, file, Some(&mut offset), left)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    let mut kept = 0;
    let mut output: Vec<u8> = Vec::new();
    loop {
        let read = stream.read(&mut buffer[kept..])?;
        if read == 0 {
            return Ok(());
        }
        let input = &buffer[..kept + read];
        let mut failed = Ok(());
        let done = requests(input, |answer| {
            match answer {
                Answer::Fixed(bytes) => output.extend_from_slice(bytes.as_bytes()),
                Answer::After(digits) => {
                    setting::block(milliseconds(digits));
                    output.extend_from_slice(AFTER.as_bytes());
                }
                Answer::File => {
                    failed = (|| {
                        let file = File::open(setting::file())?;
                        let length = file.metadata()?.len();
                        output.extend_from_slice(file_head(length).as_bytes());
                        stream.write_all(&output)?;
                        output.clear();
                        send_file(&stream, &file, length)
                    })();
                }
            }
            if failed.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        failed?;
        let Some(Taken { bytes: taken, close, owed }) = done else { return Ok(()) };
        let whole = kept + read;
        if !output.is_empty() {
            stream.write_all(&output)?;
            output.clear();
        }
        if close {
            return Ok(());
        }
        kept = whole - taken;
        buffer.copy_within(taken..taken + kept, 0);
        if let Some(mut owed) = owed {
            while owed.bytes > 0 {
                let most = owed.bytes.min(buffer.len());
                match stream.read(&mut buffer[..most])? {
                    0 => return Ok(()),
                    read => owed.bytes -= read,
                }
            }
            stream.write_all(owed.answer.as_bytes())?;
        }
    }
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(setting::address())?;
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let _ = stream.set_nodelay(true);
        // No thread, no service: the connection is dropped.
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(move || serve(stream));
    }
    Ok(())
}
