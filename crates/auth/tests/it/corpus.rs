//! The fuzz targets of this crate, with their seeds.

use crate::replay::replay;

replay! {
    authorization = "../../../../fuzz/targets/authorization.rs";
}

#[cfg(feature = "compat")]
replay! {
    session = "../../../../fuzz/targets/session.rs";
    cookies = "../../../../fuzz/targets/cookies.rs";
}
