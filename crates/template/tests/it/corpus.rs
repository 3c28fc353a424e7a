//! The fuzz target of this crate, with its seeds.

use crate::replay::replay;

replay! {
    template = "../../../../fuzz/targets/template.rs";
}
