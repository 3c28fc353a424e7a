//! The fuzz targets of this crate, with their seeds.

use crate::replay::replay;

replay! {
    head = "../../../../fuzz/targets/head.rs";
    response = "../../../../fuzz/targets/response.rs";
    chunks = "../../../../fuzz/targets/chunks.rs";
    connection = "../../../../fuzz/targets/connection.rs";
    proxy_protocol = "../../../../fuzz/targets/proxy_protocol.rs";
    differential = "../../../../fuzz/targets/differential.rs";
    #[cfg(feature = "alloc")]
    grammar = "../../../../fuzz/targets/grammar.rs";
    #[cfg(feature = "alloc")]
    round_trip = "../../../../fuzz/targets/round_trip.rs";
}
