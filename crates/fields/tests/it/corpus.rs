//! The fuzz targets of this crate, with their seeds.

use crate::replay::replay;

replay! {
    multipart = "../../../../fuzz/targets/multipart.rs";
    form = "../../../../fuzz/targets/form.rs";
}
