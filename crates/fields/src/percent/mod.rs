//! Percent-decoding and -encoding (RFC 3986, section 2.1).
//!
//! | for | decode | encode |
//! |---|---|---|
//! | one field of a form or query | [`decode_form`] | [`encode_query_component`] |
//! | a whole path, to show or to compare | [`decode_path`] | [`encode_path`] |
//! | a path that will be split at `/` | [`decode_path_keep_slash`], then [`decode_segment`] | [`encode_path_segment`], joined with `/` |
//! | other text | [`decode_utf8`] | |
//! | other bytes | [`decode`] | |
//!
//! Decode once, and split before you decode: `%26` in a query is an `&` that separates nothing.
//! All decoders take time linear in the input, and none makes it longer, but for the replacement
//! characters of [`decode_form`].

mod decode;
mod encode;

pub(crate) use decode::decode_form_to;
pub use decode::{
    decode, decode_form, decode_path, decode_path_keep_slash, decode_segment, decode_utf8,
};
pub use encode::{Encoded, encode_path, encode_path_segment, encode_query_component};
