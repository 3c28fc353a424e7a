//! Multipart and urlencoded forms: time, bytes per second and allocations, ours beside rivals.
//!
//! Multipart bodies come in pieces of 64 KiB for everybody, as from a socket. Each work gives a
//! number that every right answer has in common.

use std::io::Read;

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use futures_util::stream;
use memchr::memmem;
use pauper_fields::multipart::{Boundary, Event, Limits, Parser};
use pauper_fields::{Args, FormLimits, FormReader, Options};

#[global_allocator]
static ALLOCATOR: AllocProfiler<std::alloc::System> = AllocProfiler::system();

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
const PIECE: usize = 64 * 1024;
const FILE: usize = 10 << 20;

fn main() {
    divan::main();
}

// --- bodies ---------------------------------------------------------------------------------------

/// Data as a photo has it.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(length);
    data
}

fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, data) in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
        body.extend_from_slice(
            format!("Content-Disposition: form-data; name={name}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn file(data: &[u8]) -> Vec<u8> {
    body(&[("\"file\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream", data)])
}

/// Texts that keep a search for boundaries busy.
#[derive(Clone, Copy, Debug)]
enum Data {
    Noise,
    Cr,
    Lf,
    CrLf,
    CrLfDashes,
    /// The boundary but for its last byte.
    Almost,
}

impl Data {
    const ALL: [Self; 6] =
        [Self::Noise, Self::Cr, Self::Lf, Self::CrLf, Self::CrLfDashes, Self::Almost];

    fn body(self) -> Vec<u8> {
        let almost = format!("\r\n--{}", &BOUNDARY[..BOUNDARY.len() - 1]);
        let text = match self {
            Self::Noise => return file(&noise(FILE)),
            Self::Cr => "\r",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::CrLfDashes => "\r\n--",
            Self::Almost => &almost,
        };
        file(&text.as_bytes().repeat(FILE / text.len()))
    }
}

fn small_fields() -> Vec<u8> {
    let names: Vec<String> = (0..1000).map(|number| format!("\"field{number}\"")).collect();
    let parts: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"some value"[..])).collect();
    body(&parts)
}

fn urlencoded_fields() -> Vec<u8> {
    let fields: Vec<String> =
        (0..40).map(|number| format!("field{number}=value{number}")).collect();
    fields.join("&").into_bytes()
}

fn coded_fields() -> Vec<u8> {
    let fields: Vec<String> =
        (0..40).map(|number| format!("field{number}=some+value%21+%C5%99{number}")).collect();
    fields.join("&").into_bytes()
}

fn pieces(body: Vec<u8>) -> Vec<Bytes> {
    let body = Bytes::from(body);
    (0..body.len())
        .step_by(PIECE)
        .map(|start| body.slice(start..body.len().min(start + PIECE)))
        .collect()
}

fn whole(pieces: &[Bytes]) -> BytesCount {
    BytesCount::new(pieces.iter().map(Bytes::len).sum::<usize>())
}

// --- work -----------------------------------------------------------------------------------------

fn generous() -> Limits {
    Limits::new()
}

/// Bytes of data.
fn our_events(pieces: &[Bytes]) -> usize {
    let limits = generous();
    let boundary = Boundary::new(BOUNDARY.as_bytes(), &limits).expect("a boundary");
    let mut parser = Parser::new(boundary, limits);
    let mut length = 0;
    for piece in pieces {
        let mut input = &piece[..];
        while let Some(event) = parser.feed(&mut input).expect("a good body") {
            if let Event::Data(data) = event {
                length += black_box(data).len();
            }
        }
    }
    parser.finish().expect("a whole body");
    length
}

fn multer_events(pieces: &[Bytes]) -> usize {
    let stream = stream::iter(pieces.iter().cloned().map(Ok::<_, std::convert::Infallible>));
    let mut form = multer::Multipart::new(stream, BOUNDARY);
    futures_executor::block_on(async {
        let mut length = 0;
        while let Some(mut field) = form.next_field().await.expect("a good body") {
            while let Some(data) = field.chunk().await.expect("a good body") {
                length += black_box(data).len();
            }
        }
        length
    })
}

fn multipart_events(pieces: &[Bytes]) -> usize {
    let mut form = multipart::server::Multipart::with_body(Source(pieces, 0), BOUNDARY);
    let mut buffer = vec![0; PIECE];
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

/// The least that has to be done.
fn memmem_scan(pieces: &[Bytes]) -> usize {
    let delimiter = format!("\r\n--{BOUNDARY}");
    let finder = memmem::Finder::new(&delimiter);
    pieces.iter().map(|piece| finder.find(piece).unwrap_or(piece.len())).sum()
}

/// Pieces as a `Read`, which gives one at a time.
struct Source<'a>(&'a [Bytes], usize);

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let Some(piece) = self.0.first() else { return Ok(0) };
        let rest = &piece[self.1..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.1 += length;
        if self.1 == piece.len() {
            (self.0, self.1) = (&self.0[1..], 0);
        }
        Ok(length)
    }
}

// --- file parts -----------------------------------------------------------------------------------

#[divan::bench_group(sample_count = 30, sample_size = 1)]
mod file_of_10_mib {
    use super::*;

    #[divan::bench(args = Data::ALL)]
    fn pauper(bencher: Bencher<'_, '_>, data: Data) {
        let pieces = pieces(data.body());
        bencher.counter(whole(&pieces)).bench_local(|| our_events(&pieces));
    }

    #[divan::bench(args = Data::ALL)]
    fn multer(bencher: Bencher<'_, '_>, data: Data) {
        let pieces = pieces(data.body());
        assert_eq!(multer_events(&pieces), our_events(&pieces));
        bencher.counter(whole(&pieces)).bench_local(|| multer_events(&pieces));
    }

    #[divan::bench(args = Data::ALL)]
    fn multipart(bencher: Bencher<'_, '_>, data: Data) {
        let pieces = pieces(data.body());
        assert_eq!(multipart_events(&pieces), our_events(&pieces));
        bencher.counter(whole(&pieces)).bench_local(|| multipart_events(&pieces));
    }

    #[divan::bench(args = Data::ALL)]
    fn memmem(bencher: Bencher<'_, '_>, data: Data) {
        let pieces = pieces(data.body());
        bencher.counter(whole(&pieces)).bench_local(|| memmem_scan(&pieces));
    }
}

// --- small fields ---------------------------------------------------------------------------------

#[divan::bench_group]
mod small_fields_1000 {
    use super::*;

    #[divan::bench]
    fn pauper_field_storage(bencher: Bencher<'_, '_>) {
        let pieces = pieces(small_fields());
        bencher.counter(whole(&pieces)).bench_local(|| {
            let limits = FormLimits::new();
            let boundary = Boundary::new(BOUNDARY.as_bytes(), &generous()).expect("a boundary");
            let mut reader = FormReader::multipart(Parser::new(boundary, generous()), limits);
            for piece in &pieces {
                reader.write(piece).expect("a good body");
            }
            let form = reader.finish().expect("a whole body");
            assert_eq!(form.len(), 1000);
            form
        });
    }

    #[divan::bench]
    fn pauper_events(bencher: Bencher<'_, '_>) {
        let pieces = pieces(small_fields());
        bencher.counter(whole(&pieces)).bench_local(|| our_events(&pieces));
    }

    #[divan::bench]
    fn multer(bencher: Bencher<'_, '_>) {
        let pieces = pieces(small_fields());
        bencher.counter(whole(&pieces)).bench_local(|| {
            let stream =
                stream::iter(pieces.iter().cloned().map(Ok::<_, std::convert::Infallible>));
            let mut form = multer::Multipart::new(stream, BOUNDARY);
            let fields = futures_executor::block_on(async {
                let mut fields = Vec::new();
                while let Some(field) = form.next_field().await.expect("a good body") {
                    let name = field.name().unwrap_or_default().to_owned();
                    fields.push((name, field.text().await.expect("a good body")));
                }
                fields
            });
            assert_eq!(fields.len(), 1000);
            fields
        });
    }

    #[divan::bench]
    fn multipart(bencher: Bencher<'_, '_>) {
        let pieces = pieces(small_fields());
        bencher.counter(whole(&pieces)).bench_local(|| {
            let mut form = multipart::server::Multipart::with_body(Source(&pieces, 0), BOUNDARY);
            let mut fields = Vec::new();
            while let Some(mut field) = form.read_entry().expect("a good body") {
                let mut text = String::new();
                field.data.read_to_string(&mut text).expect("a good body");
                fields.push((field.headers.name.to_string(), text));
            }
            assert_eq!(fields.len(), 1000);
            fields
        });
    }
}

// --- urlencoded -----------------------------------------------------------------------------------

#[divan::bench_group]
mod urlencoded_40 {
    use super::*;

    type Make = fn() -> Vec<u8>;

    const BODIES: [(&str, Make); 2] = [("plain", urlencoded_fields), ("coded", coded_fields)];

    #[divan::bench(args = BODIES.iter().map(|body| body.0))]
    fn pauper_args(bencher: Bencher<'_, '_>, name: &str) {
        let body = named(name);
        bencher.counter(BytesCount::new(body.len())).bench_local(|| {
            let args = Args::parse_form(black_box(&body), &Options::new()).expect("a good body");
            assert_eq!(args.len(), 40);
            args
        });
    }

    #[divan::bench(args = BODIES.iter().map(|body| body.0))]
    fn pauper_events(bencher: Bencher<'_, '_>, name: &str) {
        let body = named(name);
        bencher.counter(BytesCount::new(body.len())).bench_local(|| {
            let mut parser = pauper_fields::urlencoded::Parser::new(Options::new());
            let mut input = black_box(&body[..]);
            let mut count = 0;
            while let Some(pair) = parser.feed(&mut input).expect("a good body") {
                black_box(&pair);
                count += 1;
            }
            count += usize::from(parser.finish().expect("a good body").is_some());
            assert_eq!(count, 40);
        });
    }

    #[divan::bench(args = BODIES.iter().map(|body| body.0))]
    fn form_urlencoded_owned(bencher: Bencher<'_, '_>, name: &str) {
        let body = named(name);
        bencher.counter(BytesCount::new(body.len())).bench_local(|| {
            let fields: Vec<(String, String)> =
                form_urlencoded::parse(black_box(&body)).into_owned().collect();
            assert_eq!(fields.len(), 40);
            fields
        });
    }

    #[divan::bench(args = BODIES.iter().map(|body| body.0))]
    fn form_urlencoded_events(bencher: Bencher<'_, '_>, name: &str) {
        let body = named(name);
        bencher.counter(BytesCount::new(body.len())).bench_local(|| {
            let mut count = 0;
            for pair in form_urlencoded::parse(black_box(&body)) {
                black_box(&pair);
                count += 1;
            }
            assert_eq!(count, 40);
        });
    }

    fn named(name: &str) -> Vec<u8> {
        BODIES.iter().find(|body| body.0 == name).map(|body| (body.1)()).unwrap_or_default()
    }
}
