//! Forms for the cases that are counted: smaller than those that are timed (`benches/fields.rs`),
//! since valgrind is slow.

use std::hint::black_box;
use std::io::Read;

use memchr::memmem;
use pauper_fields::multipart::{Boundary, Event, Limits, Parser};
use pauper_fields::{Args, FormLimits, FormReader, Options};

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

fn body(parts: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut body = Vec::new();
    for (parameters, data) in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
        body.extend_from_slice(
            format!("Content-Disposition: form-data; {parameters}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(&data);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// A file of 64 KiB, in which a line end stands now and then.
pub(crate) fn file() -> Vec<u8> {
    let data = (0..64 * 1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    body(std::iter::once(("name=\"file\"; filename=\"a.bin\"".to_owned(), data)))
}

/// A hundred short fields.
pub(crate) fn fields() -> Vec<u8> {
    body((0..100).map(|number| (format!("name=\"field{number}\""), b"some value".to_vec())))
}

/// Forty pairs without escapes.
pub(crate) fn pairs() -> Vec<u8> {
    let pairs: Vec<String> = (0..40).map(|number| format!("field{number}=value{number}")).collect();
    pairs.join("&").into_bytes()
}

/// Bytes of data.
pub(crate) fn our_events(input: &[u8], _: &mut Vec<u8>) -> usize {
    let limits = Limits::new();
    let boundary = Boundary::new(BOUNDARY.as_bytes(), &limits).expect("a boundary");
    let mut parser = Parser::new(boundary, limits);
    let (mut rest, mut length) = (input, 0);
    while let Some(event) = parser.feed(&mut rest).expect("a good body") {
        if let Event::Data(data) = event {
            length += black_box(data).len();
        }
    }
    parser.finish().expect("a whole body");
    length
}

/// Bytes of data.
pub(crate) fn multipart_events(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut form = multipart::server::Multipart::with_body(input, BOUNDARY);
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    while let Some(mut field) = form.read_entry().expect("a good body") {
        loop {
            match field.data.read(&mut buffer).expect("a good body") {
                0 => break,
                read => length += black_box(read),
            }
        }
    }
    length
}

/// The least that has to be done: where the delimiter behind the data is.
pub(crate) fn memmem_scan(input: &[u8], _: &mut Vec<u8>) -> usize {
    let delimiter = format!("\r\n--{BOUNDARY}");
    let start = memmem::find(input, b"\r\n\r\n").expect("the head of the part") + 4;
    memmem::find(&input[start..], delimiter.as_bytes()).expect("the end of the part")
}

/// Bytes of names and values.
pub(crate) fn our_form(input: &[u8], _: &mut Vec<u8>) -> usize {
    let limits = Limits::new();
    let boundary = Boundary::new(BOUNDARY.as_bytes(), &limits).expect("a boundary");
    let mut reader = FormReader::multipart(Parser::new(boundary, limits), FormLimits::new());
    reader.write(input).expect("a good body");
    let form = reader.finish().expect("a whole body");
    form.into_iter().map(|field| field.name().len() + field.len() as usize).sum()
}

/// Bytes of names and values.
pub(crate) fn multipart_form(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut form = multipart::server::Multipart::with_body(input, BOUNDARY);
    let mut fields = Vec::new();
    while let Some(mut field) = form.read_entry().expect("a good body") {
        let mut text = String::new();
        field.data.read_to_string(&mut text).expect("a good body");
        fields.push((field.headers.name.to_string(), text));
    }
    fields.iter().map(|(name, text)| name.len() + text.len()).sum()
}

/// Bytes of names and values.
pub(crate) fn our_pairs(input: &[u8], _: &mut Vec<u8>) -> usize {
    let args = Args::parse_form(input, &Options::new()).expect("a good body");
    args.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Bytes of names and values.
pub(crate) fn form_urlencoded_pairs(input: &[u8], _: &mut Vec<u8>) -> usize {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(input).into_owned().collect();
    pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
}
