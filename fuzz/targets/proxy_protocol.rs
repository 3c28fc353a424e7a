//! Headers of the PROXY protocol: more bytes never take back what fewer have said, and what is
//! accepted is within its bounds.

use pauper_wire::proxy_protocol::{MAX_LENGTH, parse};

pub(crate) fn run(data: &[u8]) {
    let whole = parse(data);
    let mut said = Ok(None);
    for end in 0..=data.len().min(MAX_LENGTH + 1) {
        // A copy of its own, so that a read beyond it is found.
        let part: Box<[u8]> = data[..end].into();
        let now = parse(&part).map(|header| header.map(|header| (header.origin(), header.len())));
        match said {
            Ok(None) => said = now,
            before => assert_eq!(now, before, "after {end} bytes"),
        }
    }
    let whole = whole.map(|header| header.map(|header| (header.origin(), header.len())));
    assert_eq!(whole, said);
    if let Ok(Some(header)) = parse(data) {
        assert!(header.len() <= data.len().min(MAX_LENGTH));
        let fields: usize = header.fields().map(|(_, value)| 3 + value.len()).sum();
        assert!(fields <= header.len());
    } else if whole == Ok(None) {
        assert!(data.len() < MAX_LENGTH, "a header that is never complete");
    }
}
