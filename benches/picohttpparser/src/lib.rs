//! picohttpparser behind a safe function, if it was built: see `build.rs`.

/// A build of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// For any processor.
    Plain,
    /// With SSE4.2.
    Sse42,
}

impl Build {
    /// Whether it is here, and the processor can run it.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Self::Plain => cfg!(picohttpparser),
            #[cfg(picohttpparser_sse42)]
            Self::Sse42 => std::arch::is_x86_feature_detected!("sse4.2"),
            #[cfg(not(picohttpparser_sse42))]
            Self::Sse42 => false,
        }
    }

    /// Parses a request head with at most 64 header lines, of which the first `seen` bytes were given
    /// to it before. The length of the head and the number of its header lines; `None` when more has
    /// to come.
    ///
    /// # Panics
    /// If the head is wrong, or this build is not here.
    #[must_use]
    pub fn request(self, head: &[u8], seen: usize) -> Option<(usize, usize)> {
        self.parse(Kind::Request, head, seen)
    }

    /// The same for a response head.
    ///
    /// # Panics
    /// If the head is wrong, or this build is not here.
    #[must_use]
    pub fn response(self, head: &[u8]) -> Option<(usize, usize)> {
        self.parse(Kind::Response, head, 0)
    }

    #[inline]
    fn parse(self, kind: Kind, head: &[u8], seen: usize) -> Option<(usize, usize)> {
        assert!(self.is_here(), "{self:?} was not built");
        #[cfg(picohttpparser)]
        return linked::parse(self, kind, head, seen);
        #[cfg(not(picohttpparser))]
        unreachable!("{kind:?} of {head:?} after {seen}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Request,
    Response,
}

#[cfg(picohttpparser)]
mod linked {
    use std::ffi::{c_char, c_int};
    use std::hint::black_box;
    use std::mem::MaybeUninit;
    use std::ptr;

    use super::{Build, Kind};

    const SLOTS: usize = 64;

    /// `struct phr_header`
    #[repr(C)]
    struct Header {
        name: *const c_char,
        name_len: usize,
        value: *const c_char,
        value_len: usize,
    }

    macro_rules! link {
        ($request:ident, $response:ident) => {
            unsafe extern "C" {
                fn $request(
                    buf: *const c_char,
                    len: usize,
                    method: *mut *const c_char,
                    method_len: *mut usize,
                    path: *mut *const c_char,
                    path_len: *mut usize,
                    minor_version: *mut c_int,
                    headers: *mut Header,
                    num_headers: *mut usize,
                    last_len: usize,
                ) -> c_int;
                fn $response(
                    buf: *const c_char,
                    len: usize,
                    minor_version: *mut c_int,
                    status: *mut c_int,
                    msg: *mut *const c_char,
                    msg_len: *mut usize,
                    headers: *mut Header,
                    num_headers: *mut usize,
                    last_len: usize,
                ) -> c_int;
            }
        };
    }
    link!(pico_plain_parse_request, pico_plain_parse_response);
    #[cfg(picohttpparser_sse42)]
    link!(pico_sse42_parse_request, pico_sse42_parse_response);

    #[inline]
    pub(super) fn parse(
        build: Build,
        kind: Kind,
        head: &[u8],
        seen: usize,
    ) -> Option<(usize, usize)> {
        let mut headers = [const { MaybeUninit::<Header>::uninit() }; SLOTS];
        let (mut count, mut version, mut status) = (SLOTS, 0, 0);
        let (mut first, mut second) = (ptr::null(), ptr::null());
        let (mut first_len, mut second_len) = (0, 0);
        let (buf, len, slots) = (head.as_ptr().cast(), head.len(), headers.as_mut_ptr().cast());
        // SAFETY: the pointers are to live values of the types that `picohttpparser.h` declares, the
        // bytes are as many as is said, and so are the slots.
        let parsed = unsafe {
            match kind {
                Kind::Request => {
                    let parse = match build {
                        #[cfg(picohttpparser_sse42)]
                        Build::Sse42 => pico_sse42_parse_request,
                        _ => pico_plain_parse_request,
                    };
                    parse(
                        buf,
                        len,
                        &mut first,
                        &mut first_len,
                        &mut second,
                        &mut second_len,
                        &mut version,
                        slots,
                        &mut count,
                        seen,
                    )
                }
                Kind::Response => {
                    let parse = match build {
                        #[cfg(picohttpparser_sse42)]
                        Build::Sse42 => pico_sse42_parse_response,
                        _ => pico_plain_parse_response,
                    };
                    parse(
                        buf,
                        len,
                        &mut version,
                        &mut status,
                        &mut first,
                        &mut first_len,
                        slots,
                        &mut count,
                        seen,
                    )
                }
            }
        };
        black_box((&headers, first_len, second_len));
        match parsed {
            -2 => None,
            length => Some((usize::try_from(length).expect("the head is right"), count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Build;

    #[test]
    fn what_is_here_parses() {
        for build in [Build::Plain, Build::Sse42] {
            if !build.is_here() {
                eprintln!("skipped: no picohttpparser, {build:?}: set PICOHTTPPARSER_DIR");
                continue;
            }
            let request = b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n";
            assert_eq!(build.request(request, 0), Some((request.len(), 2)));
            assert_eq!(build.request(&request[..20], 0), None);
            let response = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
            assert_eq!(build.response(response), Some((response.len(), 1)));
        }
    }
}
