//! Bytes that are text because they are ASCII.
#![allow(unsafe_code)]

/// The bytes as text, if all of them are ASCII. The standard library's check of UTF-8 goes from byte
/// to byte when there are few.
#[inline]
pub(crate) fn ascii(bytes: &[u8]) -> Option<&str> {
    if !bytes.is_ascii() {
        return None;
    }
    // SAFETY: ASCII is UTF-8, and these are the bytes that were looked at.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}
