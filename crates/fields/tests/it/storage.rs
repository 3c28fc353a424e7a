//! Forms as fields with values, files and sinks.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pauper_fields::multipart::ErrorKind;
use pauper_fields::{
    FieldStorage, FormError, FormLimits, FormReader, Options, Progress, Sink, SinkError,
};

const TYPE: &[u8] = b"multipart/form-data; boundary=x";

fn of_type(limits: FormLimits) -> FormReader {
    FormReader::of_content_type(Some(TYPE), limits).unwrap()
}

/// A body of these parts: what follows `form-data; name=`, and data.
fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, data) in parts {
        body.extend_from_slice(b"--x\r\nContent-Disposition: form-data; name=");
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

fn form_with(limits: FormLimits, parts: &[(&str, &[u8])]) -> Result<FieldStorage, FormError> {
    let mut reader = of_type(limits);
    reader.write(&body(parts))?;
    reader.finish()
}

fn form(parts: &[(&str, &[u8])]) -> FieldStorage {
    form_with(FormLimits::new(), parts).unwrap()
}

fn urlencoded(raw: &str) -> FieldStorage {
    let mut reader = FormReader::urlencoded(FormLimits::new());
    reader.write(raw.as_bytes()).unwrap();
    reader.finish().unwrap()
}

#[test]
fn lookups_are_the_same_for_both_kinds() {
    let multipart = form(&[("b", b"1"), ("a", b"2"), ("b", b"3"), ("c", b"")]);
    for form in [multipart, urlencoded("b=1&a=2&b=3&c=")] {
        assert_eq!(form.get("b"), Some("1"));
        assert_eq!(form.getfirst("b"), Some("1"));
        assert_eq!(form.getlist("b"), ["1", "3"]);
        assert_eq!(form.get("c"), Some(""));
        assert_eq!(form.get("d"), None);
        assert!(form.getlist("d").is_empty());
        assert!(form.contains("c") && !form.contains("d"));
        assert_eq!(form.keys().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!((form.len(), form.is_empty()), (4, false));
        assert_eq!(form.getvalue::<u32>("a").unwrap(), Some(2));
        assert_eq!(form.getvalue::<u32>("c").unwrap(), None, "blank is no number");
        assert_eq!(form.getvalues::<u32>("b").unwrap(), [1, 3]);
        assert!(form.required::<u32>("d").unwrap_err().is_missing());
        assert_eq!(form.to_args().to_query(), "b=1&a=2&b=3&c=");
        assert_eq!(form.iter().next_back().unwrap().name(), "c");
    }
    let nothing = FieldStorage::default();
    assert!(nothing.is_empty() && nothing.get("a").is_none() && nothing.memory() == 0);
}

#[test]
fn options_of_urlencoded_forms_are_kept() {
    let limits = FormLimits::new().urlencoded(Options::new().keep_blank_values(false));
    let mut reader = FormReader::urlencoded(limits);
    reader.write(b"a=&b=1&c").unwrap();
    assert_eq!(reader.finish().unwrap().keys().collect::<Vec<_>>(), ["b"]);

    let limits = FormLimits::new().urlencoded(Options::new().strict_parsing(true));
    let mut reader = FormReader::urlencoded(limits);
    reader.write(b"a=&c").unwrap();
    assert_eq!(reader.finish().unwrap_err().status(), 400);
}

#[test]
fn texts_and_files_are_told_apart() {
    let form = form(&[
        ("a", b"text"),
        ("a; filename=\"one.txt\"\r\nContent-Type: text/plain\r\nX-Extra: 1", b"data"),
        ("a; filename=\"\"\r\nContent-Type: application/octet-stream", b""),
    ]);
    assert_eq!(form.getlist("a"), ["text", ""]);
    let file = form.files("a").next().unwrap();
    assert_eq!((file.filename(), file.text(), file.len()), (Some("one.txt"), None, 4));
    assert_eq!(file.content_type(), Some("text/plain"));
    assert_eq!(file.header("x-extra"), Some(&b"1"[..]));
    assert_eq!(file.headers().count(), 3);
    assert_eq!(form.files("a").count(), 1);
    let empty = form.iter().next_back().unwrap();
    assert_eq!((empty.filename(), empty.is_file(), empty.text()), (Some(""), false, Some("")));
    let shown = format!("{form:?}");
    assert!(shown.contains("one.txt") && !shown.contains("data"), "{shown}");
}

#[test]
fn files_of_every_length_come_back_whole() {
    for piece in [1, 3, 1000, 5000] {
        let lengths = [0, 1, 15, 16, 17, 100, 4000, 20_000];
        let data: Vec<Vec<u8>> = lengths
            .iter()
            .map(|length| (0..*length).map(|i: u32| (i % 251) as u8).collect())
            .collect();
        let parts: Vec<(&str, &[u8])> =
            data.iter().map(|data| ("f; filename=f", data.as_slice())).collect();
        let mut reader = of_type(FormLimits::new().file_memory(16));
        for piece in body(&parts).chunks(piece) {
            reader.write(piece).unwrap();
        }
        let form = reader.finish().unwrap();
        let memory = if cfg!(feature = "tempfile") { 4096 } else { 65_536 };
        assert!(form.memory() <= memory, "{}", form.memory());
        for (field, data) in form.iter().zip(&data) {
            assert_eq!(*field.bytes().unwrap(), **data);
            assert_eq!(field.len(), data.len() as u64);
            assert_eq!(field.as_file().is_some(), cfg!(feature = "tempfile") && data.len() > 16);
            // Two readers at once, one of which jumps.
            let (mut one, mut two) = (field.reader(), field.reader());
            let mut byte = [0];
            for at in (0..data.len()).rev().step_by(997) {
                two.seek(SeekFrom::Start(at as u64)).unwrap();
                assert_eq!((two.read(&mut byte).unwrap(), byte[0]), (1, data[at]));
            }
            two.seek(SeekFrom::End(0)).unwrap();
            assert_eq!(two.read(&mut byte).unwrap(), 0);
            assert!(two.seek(SeekFrom::Current(-1_000_000)).is_err());
            two.seek(SeekFrom::Start(u64::MAX)).unwrap();
            assert_eq!(two.read(&mut byte).unwrap(), 0);
            let mut all = Vec::new();
            one.read_to_end(&mut all).unwrap();
            assert_eq!(all, *data);
        }
    }
}

#[cfg(feature = "tempfile")]
#[test]
fn files_are_saved_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let long = vec![7; 100_000];
    let form = form(&[("f; filename=f", &long), ("t", b"text")]);
    assert_eq!(form.field("f").unwrap().save_as(&path).unwrap(), 100_000);
    assert_eq!(std::fs::read(&path).unwrap(), long);
    let error = form.field("t").unwrap().save_as(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), long);
}

/// Starlette, Django CVE-2014-0481: predictable names of temporary files.
#[cfg(all(feature = "tempfile", target_os = "linux"))]
#[test]
fn advisory_django_cve_2014_0481_temporary_files_have_no_name_and_one_descriptor() {
    use std::os::fd::AsRawFd;
    let parts: Vec<(&str, &[u8])> = vec![("f; filename=f", &[7; 9000]); 200];
    let form = form(&parts);
    let files: Vec<_> = form.iter().map(|field| field.as_file().unwrap()).collect();
    let (first, ..) = files[0];
    assert!(files.iter().all(|(file, ..)| file.as_raw_fd() == first.as_raw_fd()));
    let link = std::fs::read_link(format!("/proc/self/fd/{}", first.as_raw_fd())).unwrap();
    assert!(link.to_string_lossy().ends_with("(deleted)"), "{}", link.display());
}

#[test]
fn text_in_other_charsets() {
    let texts = |parts: &[(&str, &[u8])]| {
        form_with(FormLimits::new(), parts).map(|form| form.get("a").unwrap().to_owned())
    };
    assert_eq!(texts(&[("a", "řeka".as_bytes())]).unwrap(), "řeka");
    assert_eq!(texts(&[("a", b"caf\xE9")]).unwrap(), "caf\u{FFFD}");
    assert_eq!(
        texts(&[("a\r\nContent-Type: text/plain; charset=iso-8859-1", b"caf\xE9")]).unwrap(),
        "café"
    );
    assert_eq!(texts(&[("a", b"caf\xE9 \x80"), ("_charset_", b"windows-1252")]).unwrap(), "café €");
    assert_eq!(texts(&[("_charset_", b"UTF-8"), ("a", "é".as_bytes())]).unwrap(), "é");
    for parts in [
        [("a\r\nContent-Type: text/plain; charset=koi8-r", &b"1"[..]), ("b", b"")],
        [("_charset_", b"koi8-r"), ("a", b"1")],
    ] {
        let error = texts(&parts).unwrap_err();
        assert_eq!(error.status(), 415);
        assert!(error.to_string().contains("koi8-r"), "{error}");
    }
    let form = form(&[("a", b"caf\xE9")]);
    assert_eq!(&*form.field("a").unwrap().bytes().unwrap(), b"caf\xE9", "bytes stay");
    // A file is no text.
    assert!(
        form_with(
            FormLimits::new(),
            &[("a; filename=f\r\nContent-Type: a/b; charset=koi8-r", b"")]
        )
        .is_ok()
    );
}

#[test]
fn transfer_encodings_are_undone() {
    let base64 = "\r\nContent-Transfer-Encoding: base64";
    let long = "QUJD".repeat(10_000);
    let form = form(&[
        (&format!("a{base64}"), b"SGVs\r\nbG8="),
        (&format!("f; filename=f{base64}"), long.as_bytes()),
        ("q\r\nContent-Transfer-Encoding: Quoted-Printable", b"a=\r\nb=3D"),
    ]);
    assert_eq!((form.get("a"), form.get("q")), (Some("Hello"), Some("ab=")));
    assert_eq!(form.field("f").unwrap().len(), 30_000);
    let error = form_with(FormLimits::new(), &[(&format!("a{base64}"), b"SGVsbG8")]).unwrap_err();
    assert!(
        matches!(error, FormError::Multipart(error) if error.kind() == ErrorKind::BadTransferEncoding)
    );
}

#[test]
fn types_of_bodies() {
    let of = |value: Option<&[u8]>| FormReader::of_content_type(value, FormLimits::new());
    assert!(of(Some(b"application/x-www-form-urlencoded; charset=utf-8")).is_ok());
    assert!(of(Some(b"Multipart/Form-Data; boundary=\"x\"")).is_ok());
    for (value, status) in [
        ("application/json", 415),
        ("multipart/mixed; boundary=x", 415),
        ("", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=\"\"", 400),
    ] {
        assert_eq!(of(Some(value.as_bytes())).unwrap_err().status(), status, "{value}");
    }
    let mut untyped = of(None).unwrap();
    untyped.write(b"").unwrap();
    assert!(untyped.finish().unwrap().is_empty());
    assert_eq!(of(None).unwrap().write(b"a=1").unwrap_err().status(), 415);
}

#[test]
fn advisory_werkzeug_cve_2024_49767_texts_count_against_the_memory() {
    let limits = FormLimits::new().max_memory(10_000);
    let text = [b'a'; 3000];
    let error =
        form_with(limits, &[("a", &text), ("b", &text), ("c", &text), ("d", &text)]).unwrap_err();
    assert_eq!(error.status(), 413);
    assert!(error.to_string().contains("10000 bytes (max_memory)"), "{error}");
    let mut reader = FormReader::urlencoded(limits);
    let long = [b'a'; 10_001];
    assert!(reader.write(&long).unwrap_err().to_string().contains("max_field"));
    // Replacement characters are longer than what they replace.
    assert_eq!(form_with(limits, &[("a", &[0xFF; 3500])]).unwrap_err().status(), 413);
    // Files move out of the way, if they can.
    let files: Vec<(&str, &[u8])> = vec![("f; filename=f", &text); 20];
    let stored = form_with(limits, &files);
    assert_eq!(stored.is_ok(), cfg!(feature = "tempfile"));
}

#[test]
fn advisory_axum_core_rustsec_2022_0055_every_reader_has_a_default_limit() {
    let limits = FormLimits::new();
    let piece = vec![b'a'; 1024 * 1024];
    let mut file = of_type(limits);
    file.write(b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n").unwrap();
    let error = (0..70).find_map(|_| file.write(&piece).err()).unwrap();
    assert_eq!(error.status(), 413);
    let mut text = of_type(limits);
    text.write(b"--x\r\nContent-Disposition: form-data; name=f\r\n\r\n").unwrap();
    assert_eq!((0..70).find_map(|_| text.write(&piece).err()).unwrap().status(), 413);
    let mut fields = FormReader::urlencoded(limits);
    assert_eq!((0..70).find_map(|_| fields.write(&piece).err()).unwrap().status(), 413);
    let mut many = FormReader::urlencoded(limits.max_memory(usize::MAX));
    assert_eq!(
        (0..70).find_map(|_| many.write(&b"a&".repeat(100_000)).err()).unwrap().status(),
        413
    );
}

#[test]
fn advisory_werkzeug_cve_2023_25577_parts_are_counted() {
    let parts: Vec<(&str, &[u8])> = vec![("a", b""); 1001];
    assert_eq!(form_with(FormLimits::new(), &parts[..1000]).unwrap().len(), 1000);
    let error = form_with(FormLimits::new(), &parts).unwrap_err();
    assert_eq!(error.status(), 413);
    assert!(error.to_string().contains("1000 (max_parts)"), "{error}");
    // Who wants them gets them.
    let parts: Vec<(&str, &[u8])> = vec![("a", b"1"); 100_000];
    let limits = FormLimits::new().max_fields(100_000).max_memory(64 << 20);
    assert_eq!(form_with(limits, &parts).unwrap().getlist("a").len(), 100_000);
}

/// multer.js CVE-2026-3520: recursion on malformed input.
#[test]
fn advisory_multer_js_cve_2026_3520_nesting_does_not_recurse() {
    let levels = 20_000;
    let mut body = Vec::new();
    let mut boundary = String::from("x");
    for level in 0..levels {
        let next = format!("b{level}z");
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(b"Content-Disposition: form-data; name=a\r\n");
        body.extend_from_slice(
            format!("Content-Type: multipart/mixed; boundary={next}\r\n\r\n").as_bytes(),
        );
        boundary = next;
    }
    assert_eq!(of_type(FormLimits::new()).write(&body).unwrap_err().status(), 413);
}

/// Counts what happens to it.
#[derive(Default)]
struct Counts {
    written: AtomicUsize,
    finished: AtomicUsize,
    aborted: AtomicUsize,
}

impl Counts {
    fn get(&self) -> [usize; 3] {
        [&self.written, &self.finished, &self.aborted].map(|count| count.load(Ordering::Relaxed))
    }
}

struct Counting(Arc<Counts>);

impl Sink for Counting {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        if data.contains(&b'!') {
            return Err(SinkError::with_payload(409, "a response".to_owned()));
        }
        self.0.written.fetch_add(data.len(), Ordering::Relaxed);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.0.finished.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn abort(&mut self) {
        self.0.aborted.fetch_add(1, Ordering::Relaxed);
    }
}

fn counting(limits: FormLimits) -> (FormReader, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    let reader = of_type(limits).sinks(move |head| match head.filename() {
        Some("none") => Ok(None),
        Some("refused") => Err(SinkError::new(415, "not this one")),
        _ => Ok(Some(Box::new(Counting(Arc::clone(&shared))))),
    });
    (reader, counts)
}

#[test]
fn sinks_take_files_and_come_out_again() {
    let (mut reader, counts) = counting(FormLimits::new());
    let parts: &[(&str, &[u8])] = &[
        ("a; filename=f", b"12345"),
        ("b; filename=none", b"kept"),
        ("c", b"text"),
        ("d; filename=\"\"", b""),
    ];
    reader.write(&body(parts)).unwrap();
    let mut form = reader.finish().unwrap();
    assert_eq!(counts.get(), [5, 1, 0]);
    let field = form.field("a").unwrap();
    assert_eq!((field.len(), field.bytes().unwrap().len()), (5, 0));
    assert!(field.sink::<Counting>().is_some());
    assert_eq!(&*form.field("b").unwrap().bytes().unwrap(), b"kept");
    assert!(form.take_sink::<Counting>("b").is_none());
    assert!(form.take_sink::<Counting>("a").is_some());
    assert!(form.take_sink::<Counting>("a").is_none());
    drop(form);
    assert_eq!(counts.get(), [5, 1, 0], "a whole form is not aborted");
}

#[test]
fn every_way_out_aborts_every_sink() {
    let good: (&str, &[u8]) = ("a; filename=f", b"12345");
    // The client is gone.
    let (mut reader, counts) = counting(FormLimits::new());
    reader.write(&body(&[good, good])[..130]).unwrap();
    drop(reader);
    assert_eq!(counts.get()[1..], [1, 2]);
    // The body is cut and somebody calls it whole.
    let (mut reader, counts) = counting(FormLimits::new());
    reader.write(&body(&[good])[..66]).unwrap();
    assert_eq!(reader.finish().unwrap_err().status(), 400);
    assert_eq!(counts.get()[1..], [0, 1]);
    // A later part is wrong, or refused by the program; a sink fails.
    for (bad, status) in [("", 400), ("b; filename=refused", 415), ("b; filename=\"!\"", 409)] {
        let (mut reader, counts) = counting(FormLimits::new());
        let error = reader.write(&body(&[good, (bad, b"!")])).unwrap_err();
        assert_eq!(error.status(), status);
        let aborted = if status == 409 { 2 } else { 1 };
        assert_eq!(counts.get(), [5, 1, aborted], "{error}");
        assert!(matches!(reader.write(b""), Err(FormError::Failed)));
        if let FormError::Sink(error) = error {
            assert_eq!(error.status(), status);
            match error.into_payload::<String>() {
                Ok(payload) => assert_eq!(payload, "a response"),
                Err(error) => assert_eq!(error.message(), "not this one"),
            }
        }
    }
    // A sink panics.
    struct Panicking(Arc<Counts>);
    impl Sink for Panicking {
        fn write(&mut self, _: &[u8]) -> Result<(), SinkError> {
            panic!("a sink panics")
        }
        fn abort(&mut self) {
            self.0.aborted.fetch_add(1, Ordering::Relaxed);
        }
    }
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    let mut reader = of_type(FormLimits::new())
        .sinks(move |_| Ok(Some(Box::new(Panicking(Arc::clone(&shared))))));
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.write(&body(&[good]))));
    assert!(panicked.is_err());
    drop(reader);
    assert_eq!(counts.get()[2], 1);
}

#[test]
fn progress_is_told() {
    let progress = Progress::new();
    let mut reader = of_type(FormLimits::new()).progress(&progress);
    let body = body(&[("a", b"1")]);
    for piece in body.chunks(10) {
        reader.write(piece).unwrap();
    }
    assert_eq!(progress.received(), body.len() as u64);
    assert_eq!(reader.finish().unwrap().bytes_read(), body.len() as u64);
}

#[test]
fn a_source_is_read_to_its_end() {
    let body = body(&[("a", b"1")]);
    assert_eq!(of_type(FormLimits::new()).read_from(&body[..]).unwrap().get("a"), Some("1"));
    assert!(of_type(FormLimits::new()).read_from(&body[..9]).is_err());
}
